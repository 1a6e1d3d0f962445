package dev.parley.router.session;

import dev.parley.conversation.Refusal;
import dev.parley.conversation.Request;
import dev.parley.internal.v1.Subject;
import dev.parley.v1.Cursor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a session can bring about. The answers come back as calls of the session's methods, on its thread. */
public interface SessionPort {
  /** The transport takes a frame without queueing it. */
  boolean ready();

  /** Sends a frame. */
  void write(EncodedFrame frame);

  /** Ends the stream: with a status that carries {@code why}, or well when it is null. Nothing is written after it. */
  void close(@Nullable Refusal why);

  /** Asks for the user's conversations: {@link Session#conversations}. */
  void listConversations();

  /** Asks the owner to follow: {@link Session#followed}. A null cursor starts where {@code start} says. */
  void follow(String conversationId, @Nullable Cursor cursor, Start start);

  /** This session does not follow any more. */
  void unfollow(String conversationId);

  /** Asks for records from {@code fromSeq} on: {@link Session#read}. */
  void read(String conversationId, long fromSeq);

  /** Sends a command to its owner: {@link Session#answered}. */
  void submit(Request request, int bytes);

  /** Sends a read mark to its owner; a refusal comes as {@link Session#markRefused}. */
  void mark(String conversationId, long seq);

  /** The device has acknowledged a conversation up to this event. */
  void delivered(String conversationId, long seq);

  /** Tells the owner that the user types. */
  void typing(String conversationId);

  /** The device is connected; {@code active}: somebody uses it; {@code inView}: the conversation shown, or empty. */
  void present(boolean active, String inView);

  /** The device is not connected any more; {@code broke}: it may be back in a moment. */
  void absent(boolean broke);

  /** Asks which of these users are members of a conversation of this one: {@link Session#members}. */
  void members(String conversationId, List<String> userIds);

  /** Watches a user or a room. */
  void watch(Subject subject);

  /** Does not watch it any more. */
  void unwatch(Subject subject);

  /** The first user has blocked the second one. */
  boolean hasBlocked(String userId, String other);

  /** Checks a newer token: {@link Session#refreshed}. */
  void verify(String token);

  /** Takes one from the user's allowance of this kind; null: granted, else why not. */
  @Nullable Refusal take(Allowances.Kind kind);

  /** This session has caught up: an older session of the same device can go. */
  void caughtUp();

  /** Where a conversation without a cursor starts. */
  enum Start {
    /** At its head: what came before is history. */
    HEAD,
    /** At the event that made the user a member. */
    JOIN
  }
}
