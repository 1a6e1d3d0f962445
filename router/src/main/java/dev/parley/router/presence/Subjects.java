package dev.parley.router.presence;

import dev.parley.internal.v1.Subject;

/** What can be watched. */
public final class Subjects {
  private Subjects() {}

  /** A user. */
  public static Subject user(String userId) {
    return Subject.newBuilder().setUserId(userId).build();
  }

  /** Who has a conversation in view. */
  public static Subject room(String conversationId) {
    return Subject.newBuilder().setConversationId(conversationId).build();
  }
}
