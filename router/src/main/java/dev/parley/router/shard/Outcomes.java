package dev.parley.router.shard;

import com.google.protobuf.Timestamp;
import dev.parley.conversation.ConversationState;
import dev.parley.conversation.Decision;
import dev.parley.router.shard.ConversationEntry.Work;
import dev.parley.v1.Cursor;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Makes answers of what was decided, when what it rests on is certain. Belongs to the shard's thread. */
final class Outcomes {
  private final Conversations conversations;
  private final Backlog backlog;

  Outcomes(Conversations conversations, Backlog backlog) {
    this.conversations = conversations;
    this.backlog = backlog;
  }

  /**
   * Tells what was decided together, in order.
   *
   * @param state what is stored of the conversation
   * @param committed the record that holds the events; null: there are none
   */
  void tell(ConversationEntry entry, ConversationState state, Batch batch, @Nullable CommittedRecord committed) {
    for (Batch.Outcome outcome : batch.outcomes) {
      tell(entry, state, outcome, committed);
    }
  }

  private void tell(
      ConversationEntry entry, ConversationState state, Batch.Outcome outcome, @Nullable CommittedRecord committed) {
    Work work = outcome.work();
    switch (outcome.decision()) {
      case Decision.Append append ->
          backlog.finish(work, stored(Objects.requireNonNull(committed), append.event(), false));
      case Decision.Repeated repeated -> tellRepeated(entry, state, work, repeated.seq());
      case Decision.Refused refused -> backlog.finish(work, new Answer.Refused(refused.refusal()));
      case Decision.NeedsTarget needs -> throw new IllegalStateException("undecided: " + needs);
      case Decision.NeedsSearch needs -> throw new IllegalStateException("undecided: " + needs);
    }
  }

  private void tellRepeated(ConversationEntry entry, ConversationState state, Work work, long seq) {
    conversations
        .record(entry, state, seq)
        .whenComplete(Completion.seen(
            (record, failure) ->
                backlog.finish(
                    work,
                    failure == null
                        ? record == null ? trimmed(seq) : stored(record, record.event(seq), true)
                        : Backlog.refused(
                            ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN,
                            "it was stored before, but cannot be read now; send the same id again"))));
  }

  /** It was stored, and only its seq is left. */
  private static Answer.Stored trimmed(long seq) {
    return new Answer.Stored(
        Cursor.newBuilder().setSeq(seq).build(), Timestamp.getDefaultInstance(), 0, true, null);
  }

  private static Answer.Stored stored(CommittedRecord record, Event event, boolean repeated) {
    Cursor cursor =
        Cursor.newBuilder().setSeq(event.getSeq()).setPosition(record.position()).setTerm(record.term()).build();
    return new Answer.Stored(cursor, event.getTime(), event.getMessageCount(), repeated, event);
  }
}
