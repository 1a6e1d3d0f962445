package dev.parley.sdk;

import dev.parley.v1.ConversationCursor;
import dev.parley.v1.Cursor;
import dev.parley.v1.Cursors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Cursors in a file: one encoded {@code parley.v1.Cursors}, replaced as a whole by {@link #flush}. After a crash some
 * events since the last flush come again; none is missed.
 *
 * <p>Thread-safe within one process. Two processes must not share a file.
 */
public final class FileCursorStore implements CursorStore {
  private final Path file;
  private final Map<String, Cursor> cursors = new ConcurrentHashMap<>();
  private volatile boolean changed;

  /**
   * @param file where the cursors are kept; need not exist yet, its directory must
   * @throws UncheckedIOException if the file exists and cannot be read
   */
  public FileCursorStore(Path file) {
    this.file = file;
    if (Files.exists(file)) {
      try {
        for (ConversationCursor entry : Cursors.parseFrom(Files.readAllBytes(file)).getCursorsList()) {
          cursors.put(entry.getConversationId(), entry.getCursor());
        }
      } catch (IOException unreadable) {
        throw new UncheckedIOException("Cannot read the cursors in " + file, unreadable);
      }
    }
  }

  @Override
  public Map<String, Cursor> load() {
    return Map.copyOf(cursors);
  }

  @Override
  public void save(String conversationId, Cursor cursor) {
    cursors.put(conversationId, cursor);
    changed = true;
  }

  /** @throws UncheckedIOException if the file cannot be written */
  @Override
  public synchronized void flush() {
    if (!changed) {
      return;
    }
    changed = false;
    Cursors.Builder all = Cursors.newBuilder();
    cursors.forEach(
        (id, cursor) -> all.addCursors(ConversationCursor.newBuilder().setConversationId(id).setCursor(cursor)));
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.write(fresh, all.build().toByteArray());
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException failed) {
      changed = true;
      throw new UncheckedIOException("Cannot write the cursors to " + file, failed);
    }
  }
}
