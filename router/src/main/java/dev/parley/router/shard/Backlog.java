package dev.parley.router.shard;

import dev.parley.conversation.Refusal;
import dev.parley.router.shard.ConversationEntry.Work;
import dev.parley.v1.ErrorReason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * All commands of a shard without an outcome, bounded in number, bytes and time. A command is answered through this
 * class, once. Belongs to the shard's thread.
 */
final class Backlog {
  private static final Duration RETRY_SOON = Duration.ofMillis(500);

  private final ShardContext context;
  /** In order of their deadlines; those that have their outcome leave when they come first. */
  private final ArrayDeque<Work> open = new ArrayDeque<>();

  private int count;
  private long bytes;
  private boolean draining;

  Backlog(ShardContext context) {
    this.context = context;
  }

  /** No new commands. */
  void drain() {
    draining = true;
  }

  boolean isEmpty() {
    return count == 0;
  }

  /** Why a command of this size cannot be taken now; null: it can. */
  Answer.@Nullable Refused refusal(int size) {
    if (draining) {
      return refused(ErrorReason.ERROR_REASON_DRAINING, "this router is going away; open a new stream");
    }
    if (!context.connected().getAsBoolean()) {
      return refused(
          ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE, "no connection to the broker; this attempt stored nothing");
    }
    if (count >= context.limits().waitingCommands() || bytes + size > context.limits().waitingBytes()) {
      return refused(ErrorReason.ERROR_REASON_OVERLOADED, "too many commands wait for the log");
    }
    return null;
  }

  void add(Work work) {
    open.addLast(work);
    count++;
    bytes += work.bytes;
  }

  /** Tells a command's outcome, unless it has one. */
  void finish(Work work, Answer answer) {
    if (!work.answered) {
      count--;
      bytes -= work.bytes;
      work.answer(answer);
    }
    while (!open.isEmpty() && open.peekFirst().answered) {
      open.removeFirst();
    }
  }

  /** Ends commands whose deadline has passed. */
  void expire() {
    Instant now = context.clock().instant();
    Work first;
    while ((first = open.peekFirst()) != null && (first.answered || !first.deadline.isAfter(now))) {
      open.removeFirst();
      finish(
          first,
          first.inFlight
              ? refused(
                  ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN,
                  "the broker has not answered in time; send the same id again to learn the outcome")
              : refused(
                  ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE,
                  "the broker took nothing until the deadline; this attempt stored nothing"));
    }
  }

  /** Gives every command an outcome, in order of arrival. */
  void finishAll(Function<Work, Answer> answer) {
    Work work;
    while ((work = open.pollFirst()) != null) {
      finish(work, answer.apply(work));
    }
  }

  /** A refusal after which it is worth to try again soon. */
  static Answer.Refused refused(ErrorReason reason, String message) {
    return new Answer.Refused(new Refusal(reason, message, Map.of(), RETRY_SOON));
  }
}
