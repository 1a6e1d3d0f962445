package dev.parley.router.shard;

import dev.parley.conversation.ConversationState;
import dev.parley.conversation.Facts;
import dev.parley.conversation.Request;
import dev.parley.conversation.SnapshotMark;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What an owner holds of one conversation. Belongs to the shard's thread. */
final class ConversationEntry {
  final String id;
  /** Everything that is on the log; null until it is loaded. */
  @Nullable ConversationState state;

  /** Commands in order of arrival. */
  final ArrayDeque<Work> waiting = new ArrayDeque<>();
  /** What waits for the state. */
  final List<Consumer<@Nullable Throwable>> whenLoaded = new ArrayList<>();
  /** Who is told how many have read; null: nobody has had to be. */
  @Nullable RecentAuthors authors;
  boolean loading;
  /** Why it cannot be loaded, whoever asks; null: it can, as far as is known. */
  @Nullable LostConversationException lost;
  /** Its first event that is left when the log begins at {@link #firstSeqFrom}. */
  long firstSeq = 1;
  long firstSeqFrom;
  /** A record was found while the state is loaded, which may lack it: it is loaded again. */
  boolean overtaken;
  /** Questions that are answered from this entry as soon as something is read. */
  int inUse;
  /** The newest snapshot that was saved since the state was loaded; null: none was. */
  @Nullable SnapshotMark snapshot;
  /** Stands in the shard's queue of conversations with commands to decide. */
  boolean queued;
  /** Its first command waits for something to be read from the log. */
  boolean lookingUp;

  /** Its record that is in flight; null: none is. */
  @Nullable Batch batch;

  boolean savingSnapshot;
  final RateMeter sends;

  ConversationEntry(String id, RateMeter sends) {
    this.id = id;
    this.sends = sends;
  }

  boolean idle() {
    return waiting.isEmpty()
        && whenLoaded.isEmpty()
        && !loading
        && inUse == 0
        && !lookingUp
        && batch == null
        && !savingSnapshot;
  }

  /** A command that waits for its outcome. */
  static final class Work {
    final Request request;
    final int bytes;
    final Instant deadline;
    private final Consumer<Answer> reply;
    Facts facts = Facts.NONE;
    /** What was decided about it rests on a record that is in flight. */
    boolean inFlight;
    boolean answered;

    Work(Request request, int bytes, Instant deadline, Consumer<Answer> reply) {
      this.request = request;
      this.bytes = bytes;
      this.deadline = deadline;
      this.reply = reply;
    }

    /** Tells the outcome, once. */
    void answer(Answer answer) {
      if (!answered) {
        answered = true;
        reply.accept(answer);
      }
    }
  }
}
