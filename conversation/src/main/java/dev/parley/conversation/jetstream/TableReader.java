package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.Table.Entry;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Tells a listener a table's values. Revisions grow over the whole table, so a new consumer goes on where one ended. */
final class TableReader implements BucketWatch.Reader {
  private final BiConsumer<String, Entry> listener;
  private long lastRevision;

  TableReader(BiConsumer<String, Entry> listener) {
    this.listener = listener;
  }

  @Override
  public long begin() {
    return lastRevision + 1;
  }

  @Override
  public void tell(String key, byte @Nullable [] value, long revision) {
    lastRevision = revision;
    if (value != null) {
      listener.accept(key, new Entry(value, revision));
    }
  }

  @Override
  public void allTold() {}
}
