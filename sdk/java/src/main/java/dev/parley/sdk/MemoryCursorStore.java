package dev.parley.sdk;

import dev.parley.v1.Cursor;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Cursors that live as long as the process. Thread-safe. */
public final class MemoryCursorStore implements CursorStore {
  private final Map<String, Cursor> cursors = new ConcurrentHashMap<>();

  @Override
  public Map<String, Cursor> load() {
    return Map.copyOf(cursors);
  }

  @Override
  public void save(String conversationId, Cursor cursor) {
    cursors.put(conversationId, cursor);
  }

  @Override
  public void flush() {}
}
