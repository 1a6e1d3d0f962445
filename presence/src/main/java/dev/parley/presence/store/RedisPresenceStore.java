package dev.parley.presence.store;

import static io.lettuce.core.ScriptOutputType.INTEGER;
import static io.lettuce.core.ScriptOutputType.MULTI;
import static io.lettuce.core.ScriptOutputType.VALUE;

import dev.parley.chassis.resilience.Hop;
import dev.parley.chassis.resilience.HopSettings;
import dev.parley.chassis.resilience.Hops;
import io.lettuce.core.RedisURI;
import io.lettuce.core.StaticCredentialsProvider;
import io.lettuce.core.api.async.RedisAsyncCommands;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps presence in a Redis (or what speaks its protocol, from version 7 on). Each operation is one Lua script beside
 * this class; all keys and channels of one script have the same hash tag. Thread-safe.
 */
public final class RedisPresenceStore implements PresenceStore {
  private static final Logger LOG = LoggerFactory.getLogger(RedisPresenceStore.class);
  private static final Duration SAID_ENDS = Duration.ofHours(1);
  private static final Duration REMEMBERED_ENDS = Duration.ofDays(30);
  private static final int READ_AT_ONCE = 500;

  private final LuaScript register = LuaScript.of(VALUE, "leases.lua", "register.lua");
  private final LuaScript renew = LuaScript.of(MULTI, "leases.lua", "renew.lua");
  private final LuaScript replayed = LuaScript.of(MULTI, "leases.lua", "replayed.lua");
  private final LuaScript apply = LuaScript.of(INTEGER, "apply.lua");
  private final LuaScript read = LuaScript.of(MULTI, "read.lua");
  private final LuaScript count = LuaScript.of(INTEGER, "count.lua");
  private final RedisConnections redis;
  private final Hop hop;
  private final RedisCalls calls;
  private volatile @Nullable Listener listener;

  /**
   * A store that connects when it is opened.
   *
   * @param url {@code redis://[:password@]host:port}
   * @param password sent instead of the URL's; null: the URL's, if it has one
   * @param settings of the hop {@code presence-redis}; when its breaker opens, the connections are made anew
   * @param hops makes it
   * @throws IllegalArgumentException if the URL is not one
   */
  public RedisPresenceStore(String url, @Nullable String password, HopSettings settings, Hops hops) {
    this.redis = new RedisConnections(address(url, password), settings.timeLimit(), this::load, new Events());
    this.hop = hops.hop("presence-redis", settings, redis.timer());
    this.calls = new RedisCalls(hop);
    hop.onState(
        state -> {
          if (state == Hop.State.OPEN) {
            redis.drop();
          }
        });
  }

  private static RedisURI address(String url, @Nullable String password) {
    RedisURI address = RedisURI.create(url);
    if (password != null) {
      address.setCredentialsProvider(new StaticCredentialsProvider(null, password.toCharArray()));
    }
    return address;
  }

  private final class Events implements RedisConnections.Events {
    @Override
    public void up() {
      told(Listener::up);
    }

    @Override
    public void down() {
      told(Listener::down);
    }

    @Override
    public void message(byte[] message) {
      told(
          to -> {
            try {
              RedisForm.readChanges(message, to);
            } catch (RuntimeException e) {
              LOG.error("a message of changes cannot be read: passed over", e);
            }
          });
    }

    private void told(java.util.function.Consumer<Listener> what) {
      Listener to = listener;
      if (to != null) {
        what.accept(to);
      }
    }
  }

  @Override
  public void open(Listener listener) {
    this.listener = listener;
    redis.open();
  }

  @Override
  public CompletableFuture<Long> register(String node, long incarnation, Duration lease) {
    return this.<byte[]>run(
            register,
            new String[] {RedisForm.LEASES},
            RedisForm.bytes(node),
            RedisForm.bytes(Long.toUnsignedString(incarnation)),
            RedisForm.bytes(lease.toMillis()),
            RedisForm.bytes(TERMS_OF_A_NODE))
        .thenApply(RedisPresenceStore::number);
  }

  @Override
  public CompletableFuture<Leases> renew(Map<String, Long> incarnations, Duration lease) {
    List<byte[]> arguments = new ArrayList<>();
    arguments.add(RedisForm.bytes(lease.toMillis()));
    incarnations.forEach(
        (node, incarnation) -> {
          arguments.add(RedisForm.bytes(node));
          arguments.add(RedisForm.bytes(Long.toUnsignedString(incarnation)));
        });
    return this.<List<Object>>run(renew, new String[] {RedisForm.LEASES}, arguments.toArray(byte[][]::new))
        .thenCompose(answer -> calls.call(redis::caughtUp).thenApply(unused -> leases(answer)));
  }

  private static Leases leases(List<Object> answer) {
    List<Term> terms = new ArrayList<>();
    for (int i = 2; i < answer.size(); i += 5) {
      TermId id = new TermId(text(answer.get(i)), number(answer.get(i + 1)));
      long incarnation = Long.parseUnsignedLong(text(answer.get(i + 2)));
      boolean complete = number(answer.get(i + 3)) == 1;
      terms.add(new Term(id, incarnation, complete, Duration.ofMillis(number(answer.get(i + 4)))));
    }
    return new Leases(number(answer.get(0)), number(answer.get(1)), terms);
  }

  @Override
  public CompletableFuture<Integer> apply(TermId term, int partition, List<Change> changes) {
    List<String> keys = new ArrayList<>(List.of(RedisForm.said(term, partition), RedisForm.changes(partition)));
    List<byte[]> arguments = new ArrayList<>(4 + 3 * changes.size());
    arguments.add(RedisForm.bytes(term.node()));
    arguments.add(RedisForm.bytes(term.generation()));
    arguments.add(RedisForm.bytes(SAID_ENDS.toMillis()));
    arguments.add(RedisForm.bytes(REMEMBERED_ENDS.toMillis()));
    for (Change change : changes) {
      arguments.add(RedisForm.subject(change.subject()));
      arguments.add(RedisForm.versioned(change.said()));
      if (change.lastKnown() == null) {
        arguments.add(new byte[0]);
      } else {
        keys.add(RedisForm.remembered(change.subject()));
        arguments.add(RedisForm.lastKnown(change.lastKnown()));
      }
    }
    return this.<Long>run(apply, keys.toArray(String[]::new), arguments.toArray(byte[][]::new))
        .thenApply(Math::toIntExact);
  }

  @Override
  public CompletableFuture<Boolean> replayed(TermId term) {
    return this.<List<Object>>run(
            replayed,
            new String[] {RedisForm.LEASES},
            RedisForm.bytes(term.node()),
            RedisForm.bytes(term.generation()))
        .thenApply(
            answer -> {
              for (Object generation : answer.subList(1, answer.size())) {
                delete(new TermId(term.node(), number(generation)));
              }
              return number(answer.getFirst()) == 1;
            });
  }

  /** Nobody reads these keys any more and they end by themselves: whether it succeeds does not matter. */
  private void delete(TermId term) {
    for (int partition = 0; partition < SubjectKey.PARTITIONS; partition++) {
      String key = RedisForm.said(term, partition);
      var unused = calls.repeatable(() -> redis.commands().unlink(key));
    }
  }

  @Override
  public CompletableFuture<Reading> read(Collection<SubjectKey> subjects, Collection<TermId> terms) {
    Map<Integer, List<SubjectKey>> partitions = new HashMap<>();
    subjects.forEach(s -> partitions.computeIfAbsent(s.partition(), unused -> new ArrayList<>()).add(s));
    List<TermId> order = List.copyOf(terms);
    List<CompletableFuture<Map<SubjectKey, Found>>> parts = new ArrayList<>();
    partitions.forEach(
        (partition, all) -> {
          for (int from = 0; from < all.size(); from += READ_AT_ONCE) {
            parts.add(readPartition(partition, all.subList(from, Math.min(all.size(), from + READ_AT_ONCE)), order));
          }
        });
    // On the same connection, so after all the reads: had other generations been valid at one of them, this tells it.
    CompletableFuture<byte[]> version = calls.call(() -> redis.commands().hget(RedisForm.LEASES, RedisForm.VERSION));
    return CompletableFuture.allOf(parts.toArray(CompletableFuture<?>[]::new))
        .thenCombine(
            version,
            (unused, now) -> {
              Map<SubjectKey, Found> found = new HashMap<>();
              parts.forEach(part -> found.putAll(part.join()));
              return new Reading(now == null ? 0 : number(now), found);
            });
  }

  private CompletableFuture<Map<SubjectKey, Found>> readPartition(
      int partition, List<SubjectKey> subjects, List<TermId> terms) {
    List<String> keys = new ArrayList<>();
    terms.forEach(term -> keys.add(RedisForm.said(term, partition)));
    List<byte[]> arguments = new ArrayList<>();
    arguments.add(RedisForm.bytes(terms.size()));
    for (SubjectKey subject : subjects) {
      arguments.add(RedisForm.subject(subject));
      if (subject.kind() == SubjectKey.Kind.USER) {
        keys.add(RedisForm.remembered(subject));
      }
    }
    return this.<List<Object>>run(read, keys.toArray(String[]::new), arguments.toArray(byte[][]::new))
        .thenApply(answer -> found(answer, subjects, terms));
  }

  private static Map<SubjectKey, Found> found(List<Object> answer, List<SubjectKey> subjects, List<TermId> terms) {
    Map<SubjectKey, Found> found = new HashMap<>();
    int memory = terms.size() * subjects.size();
    for (int s = 0; s < subjects.size(); s++) {
      Map<TermId, Versioned> said = new HashMap<>();
      for (int t = 0; t < terms.size(); t++) {
        byte[] value = (byte[]) answer.get(t * subjects.size() + s);
        if (value.length > 0) {
          said.put(terms.get(t), RedisForm.versioned(value));
        }
      }
      boolean user = subjects.get(s).kind() == SubjectKey.Kind.USER;
      found.put(subjects.get(s), new Found(said, user ? RedisForm.lastKnown((byte[]) answer.get(memory++)) : null));
    }
    return found;
  }

  @Override
  public CompletableFuture<Integer> countUsers(TermId term) {
    CompletableFuture<Long> users = CompletableFuture.completedFuture(0L);
    for (int partition = 0; partition < SubjectKey.PARTITIONS; partition++) {
      String[] key = {RedisForm.said(term, partition)};
      users = users.thenCombine(calls.repeatable(() -> count.<Long>run(redis.commands(), key)), Long::sum);
    }
    return users.thenApply(Math::toIntExact);
  }

  /** All scripts; before anything else is said over a connection. */
  private CompletionStage<?> load(RedisAsyncCommands<String, byte[]> commands) {
    return CompletableFuture.allOf(
        Stream.of(register, renew, replayed, apply, read, count)
            .map(script -> script.load(commands).toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new));
  }

  private <T> CompletableFuture<T> run(LuaScript script, String[] keys, byte[]... arguments) {
    return calls.call(() -> script.<T>run(redis.commands(), keys, arguments));
  }

  private static String text(Object answer) {
    return new String((byte[]) answer, StandardCharsets.UTF_8);
  }

  private static long number(Object answer) {
    return Long.parseLong(text(answer));
  }

  @Override
  public void close() {
    listener = null;
    hop.close();
    redis.close();
  }
}
