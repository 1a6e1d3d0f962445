package dev.parley.dispatcher.user;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.log.Table;
import dev.parley.v1.User;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How users are called, as the routers' table says: remembered for a minute, 10,000 at most. Thread-safe. */
public final class Names {
  private static final Logger LOG = LoggerFactory.getLogger(Names.class);
  private static final Duration FRESH = Duration.ofMinutes(1);
  private static final int REMEMBERED = 10_000;

  private final Table table;
  private final InstantSource clock;
  private final Map<String, Known> known =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Known> eldest) {
          return size() > REMEMBERED;
        }
      };

  private record Known(String name, Instant until) {}

  /** Names kept in this table. */
  public Names(Table table, InstantSource clock) {
    this.table = table;
    this.clock = clock;
  }

  /** A user's name; the id, when there is no name or it cannot be read now. */
  public CompletableFuture<String> of(String userId) {
    Instant now = clock.instant();
    synchronized (known) {
      Known name = known.get(userId);
      if (name != null && now.isBefore(name.until)) {
        return CompletableFuture.completedFuture(name.name);
      }
    }
    return table
        .get(userId)
        .thenApply(
            entry -> {
              String name = entry == null ? "" : parse(entry).getName();
              String shown = name.isEmpty() ? userId : name;
              synchronized (known) {
                known.put(userId, new Known(shown, now.plus(FRESH)));
              }
              return shown;
            })
        .exceptionally(
            failure -> {
              LOG.debug("a name could not be read", failure);
              return userId;
            });
  }

  private static User parse(Table.Entry entry) {
    try {
      return User.parseFrom(entry.value());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a profile is not readable", e);
    }
  }
}
