package dev.parley.sdk;

import dev.parley.v1.Cursor;
import java.util.Map;

/**
 * Keeps a device's cursors between sessions, so that the next one resumes where the last one ended. A cursor is saved
 * after its event was given to the listener: a crash between the two gives that event again.
 *
 * <p>Used by one session at a time, on its event loop: {@link #save} is called for every event and must be cheap.
 */
public interface CursorStore {
  /** All cursors by conversation id. Called once, when a session starts. */
  Map<String, Cursor> load();

  /** The newest event of a conversation that was processed. */
  void save(String conversationId, Cursor cursor);

  /** A good moment to write out what was saved: called about once in a heartbeat and at the session's end. */
  void flush();
}
