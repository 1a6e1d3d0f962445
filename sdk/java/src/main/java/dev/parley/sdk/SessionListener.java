package dev.parley.sdk;

import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import dev.parley.v1.Following;
import dev.parley.v1.Presence;
import dev.parley.v1.Receipt;
import dev.parley.v1.Reset;
import dev.parley.v1.Room;
import dev.parley.v1.Typing;
import org.jspecify.annotations.Nullable;

/**
 * Hears what happens in a session. All calls of one session come in order on one thread, the event loop of its
 * connection, which serves other sessions too: do not block, hand long work to a thread of your own. Calling the session
 * from here is fine. What a method throws is logged and otherwise ignored.
 */
public interface SessionListener {
  /**
   * An event, once, in the order of its conversation. The session's own commands come here too.
   *
   * @param cursor the place of the event: keep it to resume behind it
   */
  default void onEvent(String conversationId, Event event, Cursor cursor) {}

  /** Somebody has read. */
  default void onReceipt(Receipt receipt) {}

  /** Somebody is typing. */
  default void onTyping(Typing typing) {}

  /** A watched user is so now; UNKNOWN: it cannot be told, at the moment or while there is no connection. */
  default void onPresence(Presence presence) {}

  /** Who has a watched conversation in view now; {@code unknown} likewise. */
  default void onRoom(Room room) {}

  /** The session follows a conversation from here on: after each connect, and when the user enters one. */
  default void onFollowing(Following following) {}

  /** Everything that was missed before this connect has come. */
  default void onCaughtUp() {}

  /**
   * A conversation goes on elsewhere than where it stood. {@code LOG_WENT_BACK}: load again what is shown of it. {@code
   * TRIMMED}: what is shown stays right; between it and what comes next is a gap that nothing fills.
   */
  default void onReset(Reset reset) {}

  /** The server has refused something, or a stream was lost. The session goes on unless it becomes CLOSED. */
  default void onError(ParleyException error) {}

  /**
   * The session's state has changed.
   *
   * @param cause why it is CLOSED or DISCONNECTED; null: nobody did wrong
   */
  default void onState(SessionState state, @Nullable ParleyException cause) {}

  /** The server broke a promise about order. Tests fail on it; an application reports it. */
  default void onViolation(Violation violation) {}
}
