package dev.parley.router.shard;

import dev.parley.conversation.Refusal;
import dev.parley.conversation.Request;
import dev.parley.router.moderation.Moderation;
import dev.parley.router.moderation.Moderation.Verdict;
import dev.parley.v1.Command;
import dev.parley.v1.ErrorReason;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Holds what somebody writes until the deployment's moderation has allowed it, and what the same user does in the same
 * conversation behind it: in their order, however the verdicts come. Belongs to the shard's thread.
 */
final class ModerationGate {
  private static final Duration RETRY = Duration.ofSeconds(1);

  private final Moderation moderation;
  private final Executor loop;
  private final Map<Author, Deque<Held>> held = new HashMap<>();

  ModerationGate(Moderation moderation, Executor loop) {
    this.moderation = moderation;
    this.loop = loop;
  }

  private record Author(String userId, String conversationId) {}

  /** A command that waits for its verdict, or for those before it. */
  private static final class Held {
    private final Runnable allowed;
    private final Consumer<Refusal> refused;
    private @Nullable Verdict verdict;

    Held(Runnable allowed, Consumer<Refusal> refused) {
      this.allowed = allowed;
      this.refused = refused;
    }
  }

  /** Runs one of the two, at once if nobody has to be asked or waited for. */
  void pass(Request request, Runnable allowed, Consumer<Refusal> refused) {
    if (moderation == Moderation.NONE) {
      allowed.run();
      return;
    }
    Author author = new Author(request.userId(), request.conversationId());
    boolean asks = says(request.command());
    if (!asks && !held.containsKey(author)) {
      allowed.run();
      return;
    }
    Held one = new Held(allowed, refused);
    held.computeIfAbsent(author, key -> new ArrayDeque<>(2)).add(one);
    if (asks) {
      moderation
          .ask(request.userId(), request.conversationId(), request.command())
          .thenAcceptAsync(verdict -> decided(author, one, verdict), loop);
    } else {
      decided(author, one, new Verdict.Allowed());
    }
  }

  /** Whether it brings words of the user before others. */
  private static boolean says(Command command) {
    return switch (command.getActionCase()) {
      case MESSAGE, EDIT, CREATE, RENAME -> true;
      case REACTION -> !command.getReaction().getRemoved();
      case DELETION, ADD_MEMBERS, REMOVE_MEMBER, JOIN, LEAVE, SET_ROLE, ACTION_NOT_SET -> false;
    };
  }

  private void decided(Author author, Held one, Verdict verdict) {
    one.verdict = verdict;
    Deque<Held> queue = held.get(author);
    while (queue != null && !queue.isEmpty() && queue.peek().verdict != null) {
      Held next = queue.poll();
      switch (next.verdict) {
        case Verdict.Allowed allowed -> next.allowed.run();
        case Verdict.Refused refused ->
            next.refused.accept(
                new Refusal(
                    ErrorReason.ERROR_REASON_MODERATED,
                    "this deployment's moderation does not allow it",
                    Map.of("rule", refused.rule()),
                    null));
        case Verdict.Unavailable unavailable ->
            next.refused.accept(
                new Refusal(
                    ErrorReason.ERROR_REASON_MODERATION_UNAVAILABLE,
                    "this deployment's moderation cannot be asked; send the same id again",
                    Map.of(),
                    RETRY));
        case null -> throw new IllegalStateException("it was just there");
      }
    }
    if (queue != null && queue.isEmpty()) {
      held.remove(author);
    }
  }
}
