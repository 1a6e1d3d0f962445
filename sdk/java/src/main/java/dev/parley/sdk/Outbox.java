package dev.parley.sdk;

import dev.parley.v1.ClientFrame;
import dev.parley.v1.ErrorReason;
import io.grpc.Status;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The commands that have no answer yet, in order per conversation. Sends them on the stream it is given, again on the
 * next one when a stream is lost, and again after a refusal that says to wait, until the caller's deadline.
 *
 * <p>Without threads and clocks: times are milliseconds of the protocol's clock. Not thread-safe.
 */
final class Outbox {
  /** A time that never comes. */
  static final long NEVER = Long.MAX_VALUE;

  private final int maxCommands;
  private final int maxInFlightPerLane;
  private final Backoff retryJitter;
  private final ClientEventIds ids;
  private final Wire wire;

  private final Map<String, ArrayDeque<PendingCommand>> lanes = new LinkedHashMap<>();
  private final Map<String, PendingCommand> underWay = new HashMap<>();
  private int size;
  private int stream;
  private int maxUnderWay;
  private boolean starved;
  private long nextDeadline = NEVER;
  private long nextRetry = NEVER;

  Outbox(int maxCommands, int maxInFlightPerLane, Backoff retryJitter, ClientEventIds ids, Wire wire) {
    this.maxCommands = maxCommands;
    this.maxInFlightPerLane = maxInFlightPerLane;
    this.retryJitter = retryJitter;
    this.ids = ids;
    this.wire = wire;
  }

  /** Takes a command, or refuses it with LIMIT_EXCEEDED when the outbox is full. */
  void add(PendingCommand pending, long now) {
    if (size >= maxCommands) {
      pending.answer.completeExceptionally(
          ParleyException.local(
              Status.Code.RESOURCE_EXHAUSTED,
              ErrorReason.ERROR_REASON_LIMIT_EXCEEDED,
              "LIMIT_EXCEEDED: " + maxCommands + " commands wait for an answer already"));
      return;
    }
    nextDeadline = Math.min(nextDeadline, pending.deadline);
    PendingCommand before = underWay.get(pending.id());
    if (before != null && before.abandoned && before.command.equals(pending.command)) {
      succeed(before, pending);
      return;
    }
    size++;
    ArrayDeque<PendingCommand> lane = lanes.computeIfAbsent(pending.lane(), id -> new ArrayDeque<>(4));
    lane.addLast(pending);
    pump(lane, now);
  }

  /** A command is sent again while the answer to its first sending may still come: that answer is its own. */
  private void succeed(PendingCommand before, PendingCommand pending) {
    pending.stream = before.stream;
    pending.uncertain = before.uncertain;
    underWay.put(pending.id(), pending);
    lanes.computeIfPresent(pending.lane(), (id, lane) -> {
      ArrayDeque<PendingCommand> successors = new ArrayDeque<>(lane.size());
      lane.forEach(each -> successors.addLast(each == before ? pending : each));
      return successors;
    });
  }

  /**
   * From now on commands go to this stream.
   *
   * @param maxOpen the server's limit of commands without an answer; 0: not said
   */
  void useStream(int stream, int maxOpen, long now) {
    this.stream = stream;
    this.maxUnderWay = maxOpen == 0 ? Integer.MAX_VALUE : maxOpen;
    for (ArrayDeque<PendingCommand> lane : lanes.values()) {
      for (PendingCommand pending : lane) {
        if (pending.lastRefusal != null && pending.lastRefusal.reason() == ErrorReason.ERROR_REASON_DRAINING) {
          // The router that was going away said so; this is another one.
          pending.retryAt = 0;
        }
      }
    }
    pumpAll(now);
  }

  /** A stream has ended: what was under way on it waits for the next one. */
  void streamLost(int lost) {
    if (stream == lost) {
      stream = 0;
    }
    for (Iterator<ArrayDeque<PendingCommand>> all = lanes.values().iterator(); all.hasNext(); ) {
      ArrayDeque<PendingCommand> lane = all.next();
      for (Iterator<PendingCommand> each = lane.iterator(); each.hasNext(); ) {
        PendingCommand pending = each.next();
        if (pending.stream == lost) {
          underWay.remove(pending.id());
          pending.stream = 0;
          pending.uncertain = true;
          if (pending.abandoned) {
            each.remove();
            size--;
          }
        }
      }
      if (lane.isEmpty()) {
        all.remove();
      }
    }
  }

  /** The command with this id if it is under way on that stream. */
  @Nullable PendingCommand underWay(String clientEventId, int onStream) {
    PendingCommand pending = underWay.get(clientEventId);
    return pending != null && pending.stream == onStream ? pending : null;
  }

  /** The command was stored. */
  void stored(PendingCommand pending, Answer answer, long now) {
    remove(pending, now);
    pending.answer.complete(answer);
  }

  /** The command was refused: for good, or for a while. */
  void refused(PendingCommand pending, ParleyException refusal, long now) {
    if (!refusal.retryable() || pending.abandoned) {
      remove(pending, now);
      pending.answer.completeExceptionally(refusal);
      return;
    }
    underWay.remove(pending.id());
    pending.stream = 0;
    pending.uncertain |= refusal.outcomeUnknown();
    pending.lastRefusal = refusal;
    pending.retryAt = now + Math.max(refusal.retryAfter().toMillis(), retryJitter.jittered(pending.refusals));
    pending.refusals++;
    nextRetry = Math.min(nextRetry, pending.retryAt);
    if (starved) {
      pumpAll(now);
    }
  }

  /** Ends what is past its deadline and sends what has waited long enough. */
  void tick(long now) {
    if (now >= nextDeadline) {
      expire(now);
    }
    if (now >= nextRetry) {
      pumpAll(now);
    }
  }

  /** When {@link #tick} has something to do. */
  long nextTick() {
    return Math.min(nextDeadline, nextRetry);
  }

  /** Commands of which the caller has heard nothing yet, or whose stream may still answer. */
  int size() {
    return size;
  }

  /** The session is over: everything that is open fails. */
  void close(ParleyException cause) {
    ArrayList<PendingCommand> open = new ArrayList<>();
    lanes.values().forEach(open::addAll);
    lanes.clear();
    underWay.clear();
    size = 0;
    stream = 0;
    nextDeadline = NEVER;
    nextRetry = NEVER;
    for (PendingCommand pending : open) {
      pending.answer.completeExceptionally(pending.stream != 0 || pending.uncertain ? unknown() : cause);
    }
  }

  private void pumpAll(long now) {
    starved = false;
    nextRetry = NEVER;
    for (ArrayDeque<PendingCommand> lane : lanes.values()) {
      pump(lane, now);
    }
  }

  private void pump(ArrayDeque<PendingCommand> lane, long now) {
    if (stream == 0) {
      return;
    }
    int inFlight = 0;
    for (PendingCommand pending : lane) {
      if (pending.stream == 0) {
        if (pending.retryAt > now) {
          nextRetry = Math.min(nextRetry, pending.retryAt);
          return;
        }
        if (underWay.size() >= maxUnderWay) {
          starved = true;
          return;
        }
        dispatch(pending);
      }
      if (++inFlight >= maxInFlightPerLane) {
        return;
      }
    }
  }

  private void dispatch(PendingCommand pending) {
    if (pending.id().isEmpty()) {
      pending.command = pending.command.toBuilder().setClientEventId(ids.next()).build();
    }
    pending.stream = stream;
    underWay.put(pending.id(), pending);
    wire.send(stream, ClientFrame.newBuilder().setCommand(pending.command).build());
  }

  private void remove(PendingCommand pending, long now) {
    underWay.remove(pending.id());
    String laneId = pending.lane();
    ArrayDeque<PendingCommand> lane = lanes.get(laneId);
    if (lane == null || !lane.remove(pending)) {
      throw new IllegalStateException("A command that is under way has no lane: " + pending.id());
    }
    size--;
    if (lane.isEmpty()) {
      lanes.remove(laneId);
    } else {
      pump(lane, now);
    }
    if (starved) {
      pumpAll(now);
    }
  }

  private void expire(long now) {
    nextDeadline = NEVER;
    ArrayList<PendingCommand> expired = new ArrayList<>();
    lanes.values().forEach(lane -> lane.forEach(pending -> {
      if (pending.deadline <= now && !pending.abandoned) {
        expired.add(pending);
      } else if (!pending.abandoned) {
        nextDeadline = Math.min(nextDeadline, pending.deadline);
      }
    }));
    for (PendingCommand pending : expired) {
      if (pending.stream != 0) {
        // It stays in its place: the stream's answer stands for an event that the session must not miss.
        pending.abandoned = true;
        pending.answer.completeExceptionally(unknown());
      } else {
        remove(pending, now);
        pending.answer.completeExceptionally(whyUnsent(pending));
      }
    }
  }

  private static ParleyException whyUnsent(PendingCommand pending) {
    if (pending.uncertain) {
      return unknown();
    }
    return pending.lastRefusal != null
        ? pending.lastRefusal
        : ParleyException.local(
            Status.Code.UNAVAILABLE,
            ErrorReason.ERROR_REASON_UNSPECIFIED,
            "The command was not sent before its deadline: no connection, or others waited before it");
  }

  private static ParleyException unknown() {
    return ParleyException.local(
        Status.Code.DEADLINE_EXCEEDED,
        ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN,
        "OUTCOME_UNKNOWN: sent, but no answer came in time; send the same client event id again to learn it");
  }
}
