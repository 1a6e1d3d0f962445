package dev.parley.router.shard;

import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done when a future completes. A fault in it would vanish in the future that nobody looks at; here it is
 * logged.
 */
final class Completion {
  private static final Logger LOG = LoggerFactory.getLogger(Completion.class);

  private Completion() {}

  /** The same callback, whose faults are seen. */
  static <T extends @Nullable Object> BiConsumer<T, @Nullable Throwable> seen(
      BiConsumer<T, @Nullable Throwable> callback) {
    return (value, failure) -> {
      try {
        callback.accept(value, failure);
      } catch (RuntimeException | Error e) {
        LOG.error("a fault after an answer of the broker", e);
        throw e;
      }
    };
  }
}
