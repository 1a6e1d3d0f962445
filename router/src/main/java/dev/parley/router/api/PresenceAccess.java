package dev.parley.router.api;

import dev.parley.conversation.ConversationIds;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.RefusedException;
import dev.parley.router.session.Allowances.Kind;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Member;
import dev.parley.v1.UserWatch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** Whether a user may see others: the owners of the conversations that they share are asked. Thread-safe. */
final class PresenceAccess {
  private final Shards shards;
  private final Calls calls;

  PresenceAccess(Shards shards, Calls calls) {
    this.shards = shards;
    this.calls = calls;
  }

  /**
   * Fails with the refusal for the first user or room that this one must not see. Each conversation that is asked counts
   * as a read.
   */
  CompletableFuture<Void> check(String userId, List<UserWatch> users, List<String> rooms) {
    Map<String, List<String>> byReason = new LinkedHashMap<>();
    for (UserWatch watch : users) {
      if (!watch.getUserId().equals(userId)) {
        String reason =
            watch.getConversationId().isEmpty()
                ? ConversationIds.direct(userId, watch.getUserId())
                : watch.getConversationId();
        byReason.computeIfAbsent(reason, id -> new ArrayList<>()).add(watch.getUserId());
      }
    }
    rooms.forEach(room -> byReason.computeIfAbsent(room, id -> new ArrayList<>()).add(userId));
    List<CompletableFuture<Void>> checks = new ArrayList<>();
    byReason.forEach((conversation, wanted) -> checks.add(check(userId, conversation, wanted)));
    return CompletableFuture.allOf(checks.toArray(CompletableFuture[]::new));
  }

  private CompletableFuture<Void> check(String userId, String conversationId, List<String> wanted) {
    return calls
        .within(
            Kind.READ, userId, () -> shards.of(conversationId).membersAmong(conversationId, userId, wanted))
        .thenAccept(
            members -> {
              Set<String> found = members.stream().map(Member::getUserId).collect(Collectors.toSet());
              for (String user : wanted) {
                if (!found.contains(user)) {
                  throw new RefusedException(
                      new Refusal(
                          ErrorReason.ERROR_REASON_MEMBER_NOT_FOUND,
                          "the user is not a member there",
                          Map.of("user_id", user, "conversation_id", conversationId),
                          null));
                }
              }
            });
  }
}
