package dev.parley.dispatcher.shard;

import dev.parley.dispatcher.push.Push.Alert;
import dev.parley.internal.v1.PushOutcome;
import dev.parley.v1.PushDevice;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * What one device is to be told of one conversation, until a provider has taken it or it is given up. What comes meanwhile
 * takes its place. Belongs to the dispatcher's thread.
 */
final class PushJob {
  final String userId;
  final String conversationId;
  /** What began it; the time until which it is tried counts from here. */
  final Instant begun;
  /** Dead letters that it stands for. */
  private final List<PushOutcome> redriven = new ArrayList<>(0);
  private PushDevice device;
  private long seq;
  private long position;
  private int messages;
  private Alert alert;
  private Instant due;
  private String trace;
  private final List<Long> positions = new ArrayList<>(1);
  private int attempts;
  private boolean underWay;

  PushJob(String userId, PushDevice device, String conversationId, Content content, Instant begun) {
    this.userId = userId;
    this.device = device;
    this.conversationId = conversationId;
    this.begun = begun;
    this.seq = content.seq;
    this.position = content.position;
    this.messages = content.messages;
    this.alert = content.alert;
    this.due = content.due;
    this.trace = content.trace;
  }

  /**
   * What is told.
   *
   * @param seq the newest message
   * @param position of its record
   * @param messages how many of the conversation the user has not read, with it
   * @param due when it was to be told of at the earliest
   * @param trace as {@code LogRecord.trace_context}, of the newest message
   */
  record Content(long seq, long position, int messages, Alert alert, Instant due, String trace) {}

  /** What this job was given last, as it is to be sent now. */
  Content content() {
    return new Content(seq, position, messages, alert, due, trace);
  }

  PushDevice device() {
    return device;
  }

  int attempts() {
    return attempts;
  }

  boolean isUnderWay() {
    return underWay;
  }

  void begin() {
    attempts++;
    underWay = true;
  }

  void ended() {
    underWay = false;
  }

  /** It was not even tried: that does not count. */
  void notTried() {
    attempts--;
    underWay = false;
  }

  /** Something newer of the same conversation. */
  void replace(PushDevice newest, Content content) {
    device = newest;
    if (content.seq > seq) {
      seq = content.seq;
      position = content.position;
      alert = content.alert;
      due = content.due;
      trace = content.trace;
      messages = content.messages;
    }
  }

  /** A position waits for what is told up to it. */
  void holds(long held) {
    positions.add(held);
  }

  /** What is told of this event is something else now. */
  void say(Alert changed) {
    alert = changed;
  }

  /** Dead letters that end with it. */
  List<PushOutcome> redriven() {
    return redriven;
  }

  /** The positions that wait for what is told up to this one. */
  List<Long> positionsUpTo(long last) {
    return positions.stream().filter(one -> one <= last).toList();
  }

  /** The positions that wait for what came after this one. */
  List<Long> positionsAfter(long last) {
    return positions.stream().filter(one -> one > last).toList();
  }
}
