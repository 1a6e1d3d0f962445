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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps a listener's exceptions away from the protocol: logs them and goes on. */
final class LoggingListener implements SessionListener {
  private static final Logger LOG = LoggerFactory.getLogger(ParleySession.class);

  private final SessionListener listener;

  LoggingListener(SessionListener listener) {
    this.listener = listener;
  }

  @Override
  public void onEvent(String conversationId, Event event, Cursor cursor) {
    try {
      listener.onEvent(conversationId, event, cursor);
    } catch (RuntimeException thrown) {
      log("onEvent", thrown);
    }
  }

  @Override
  public void onReceipt(Receipt receipt) {
    guarded("onReceipt", () -> listener.onReceipt(receipt));
  }

  @Override
  public void onTyping(Typing typing) {
    guarded("onTyping", () -> listener.onTyping(typing));
  }

  @Override
  public void onPresence(Presence presence) {
    guarded("onPresence", () -> listener.onPresence(presence));
  }

  @Override
  public void onRoom(Room room) {
    guarded("onRoom", () -> listener.onRoom(room));
  }

  @Override
  public void onFollowing(Following following) {
    guarded("onFollowing", () -> listener.onFollowing(following));
  }

  @Override
  public void onCaughtUp() {
    guarded("onCaughtUp", listener::onCaughtUp);
  }

  @Override
  public void onReset(Reset reset) {
    guarded("onReset", () -> listener.onReset(reset));
  }

  @Override
  public void onError(ParleyException error) {
    guarded("onError", () -> listener.onError(error));
  }

  @Override
  public void onState(SessionState state, @Nullable ParleyException cause) {
    guarded("onState", () -> listener.onState(state, cause));
  }

  @Override
  public void onViolation(Violation violation) {
    guarded("onViolation", () -> listener.onViolation(violation));
  }

  private static void guarded(String method, Runnable call) {
    try {
      call.run();
    } catch (RuntimeException thrown) {
      log(method, thrown);
    }
  }

  private static void log(String method, RuntimeException thrown) {
    LOG.error("{} of a session's listener failed; the session goes on", method, thrown);
  }
}
