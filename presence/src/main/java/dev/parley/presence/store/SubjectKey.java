package dev.parley.presence.store;

import dev.parley.internal.v1.Subject;
import org.jspecify.annotations.Nullable;

/**
 * What is watched and spoken of.
 *
 * @param kind a user, or a conversation as a room
 * @param id the user's or the conversation's
 */
public record SubjectKey(Kind kind, String id) {
  /** All subjects are spread over so many partitions. */
  public static final int PARTITIONS = 64;

  /** What a subject can be. */
  public enum Kind {
    /** Somebody who is there or is not. */
    USER,
    /** A conversation that somebody has in view. */
    ROOM
  }

  /** A user. */
  public static SubjectKey user(String id) {
    return new SubjectKey(Kind.USER, id);
  }

  /** A conversation. */
  public static SubjectKey room(String id) {
    return new SubjectKey(Kind.ROOM, id);
  }

  /** As the contract has it; null: it names nothing. */
  public static @Nullable SubjectKey of(Subject subject) {
    return switch (subject.getSubjectCase()) {
      case USER_ID -> user(subject.getUserId());
      case CONVERSATION_ID -> room(subject.getConversationId());
      case SUBJECT_NOT_SET -> null;
    };
  }

  /** For the contract. */
  public Subject toSubject() {
    return kind == Kind.USER
        ? Subject.newBuilder().setUserId(id).build()
        : Subject.newBuilder().setConversationId(id).build();
  }

  /** From 0 to {@link #PARTITIONS} - 1; the same in every process. */
  public int partition() {
    int hash = id.hashCode() * 0x9E3779B9;
    return (hash ^ kind.ordinal()) >>> 16 & PARTITIONS - 1;
  }
}
