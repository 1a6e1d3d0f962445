package dev.parley.router.shard;

import dev.parley.conversation.ConversationState;
import dev.parley.conversation.Decision;
import dev.parley.conversation.Facts;
import dev.parley.conversation.Request;
import dev.parley.router.shard.ConversationEntry.Work;
import dev.parley.v1.ConversationKind;
import java.time.Instant;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Gets what deciding a command needs beyond the conversation's state. Belongs to the shard's thread. */
final class LookUps {
  private final ShardContext context;
  private final Conversations conversations;
  private final Backlog backlog;
  private final Consumer<ConversationEntry> done;

  /** {@code done}: the conversation's first command can be decided now, or has failed. */
  LookUps(ShardContext context, Conversations conversations, Backlog backlog, Consumer<ConversationEntry> done) {
    this.context = context;
    this.conversations = conversations;
    this.backlog = backlog;
    this.done = done;
  }

  /** What is known about a command without reading. */
  Facts facts(ConversationState state, Work work) {
    String peer = directPeer(state, work.request);
    boolean blocked = peer != null && context.blocks().test(work.request.userId(), peer);
    return blocked == work.facts.blocked() ? work.facts : work.facts.withBlocked(blocked);
  }

  /** The other user of a direct conversation; null: it is none. */
  private static @Nullable String directPeer(ConversationState state, Request request) {
    if (!state.exists()) {
      var create = request.command().getCreate();
      return create.getKind() == ConversationKind.CONVERSATION_KIND_DIRECT && create.getMemberIdsCount() == 1
          ? create.getMemberIds(0)
          : null;
    }
    return state.kind() == ConversationKind.CONVERSATION_KIND_DIRECT ? state.peerOf(request.userId()) : null;
  }

  /** Reads from the log what deciding the conversation's first command needs; the others wait behind it. */
  void begin(ConversationEntry entry, ConversationState state, Work work, Decision needs, Instant now) {
    entry.lookingUp = true;
    switch (needs) {
      case Decision.NeedsTarget target ->
          conversations
              .event(entry, state, target.seq())
              .whenComplete(Completion.seen(
                  (event, failure) ->
                      lookedUp(
                          entry,
                          work,
                          failure,
                          () -> work.facts.withTarget(
                              event == null ? Facts.Target.absent(target.seq()) : Facts.Target.of(event)))));
      case Decision.NeedsSearch search ->
          conversations
              .search(entry, state, work.request, search, now)
              .whenComplete(Completion.seen(
                  (found, failure) -> lookedUp(entry, work, failure, () -> work.facts.withSearch(found))));
      default -> throw new IllegalArgumentException("nothing to look up for " + needs);
    }
  }

  private void lookedUp(
      ConversationEntry entry, Work work, @Nullable Throwable failure, Supplier<Facts> facts) {
    entry.lookingUp = false;
    if (failure != null) {
      entry.waiting.remove(work);
      backlog.finish(work, Refusals.of(failure));
    } else {
      work.facts = facts.get();
    }
    done.accept(entry);
  }
}
