package dev.parley.bench;

import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyEndpoint;
import dev.parley.sdk.TokenSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** The clients and conversations of a run: makes them, and closes them. Used by one thread. */
final class Crowd implements AutoCloseable {
  /** So many connects at once: a crowd that is set up shall not be a test of its own. */
  private static final int WAVE = 100;
  /** The contract's limit of members in one command. */
  private static final int MEMBERS_PER_COMMAND = 1_000;
  private static final long SETUP_SECONDS = 60;

  private final BenchOptions options;
  private final ParleyEndpoint endpoint;
  private final Function<String, TokenSource> tokens;
  private final Meter meter;
  /** New users in each run, so that none drags along the conversations of earlier ones. */
  private final String run = Long.toString(System.currentTimeMillis(), 36);
  private final List<ParleyClient> connections = new ArrayList<>();
  private final List<BenchClient> clients = new ArrayList<>();
  private final List<Talk> talks = new ArrayList<>();
  private final List<BenchClient> away = new ArrayList<>();

  Crowd(BenchOptions options, ParleyEndpoint endpoint, Function<String, TokenSource> tokens, Meter meter) {
    this.options = options;
    this.endpoint = endpoint;
    this.tokens = tokens;
    this.meter = meter;
  }

  List<BenchClient> clients() {
    return clients;
  }

  List<Talk> talks() {
    return talks;
  }

  /** In mode resume: those who leave and come back. */
  List<BenchClient> away() {
    return away;
  }

  /** Connects everybody and creates the conversations. */
  void gather() throws InterruptedException {
    switch (options.mode()) {
      case PAIRS -> {
        connect(options.clients());
        for (int i = 0; i < clients.size(); i += 2) {
          pair(clients.get(i), clients.get(i + 1), true);
        }
      }
      case GROUP -> {
        connect(options.clients());
        for (int i = 0; i < options.groups(); i++) {
          int share = clients.size() / options.groups();
          group(clients.subList(i * share, i == options.groups() - 1 ? clients.size() : (i + 1) * share));
        }
      }
      case RESUME -> {
        int senders = Math.min(16, options.clients());
        connect(senders + options.clients());
        away.addAll(clients.subList(senders, clients.size()));
        for (int i = 0; i < away.size(); i++) {
          pair(clients.get(i % senders), away.get(i), false);
        }
      }
    }
    awaitBeginnings();
  }

  /**
   * Connects so many more, at least five, in a ring: each has a direct conversation with each of the two before and the
   * two behind it, so four.
   */
  void gatherRing(int count) throws InterruptedException {
    int first = clients.size();
    connect(count);
    List<CompletableFuture<Talk>> wave = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      for (int distance = 1; distance <= 2; distance++) {
        BenchClient one = clients.get(first + i);
        BenchClient other = clients.get(first + (i + distance) % count);
        wave.add(one.session().createDirect(other.userId()).thenApply(id -> talk(id, one, other, true)));
      }
      if (wave.size() >= WAVE || i == count - 1) {
        for (CompletableFuture<Talk> each : wave) {
          talks.add(get(each, "create a direct conversation"));
        }
        wave.clear();
      }
    }
    awaitBeginnings();
  }

  private void connect(int count) throws InterruptedException {
    List<CompletableFuture<Long>> wave = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String user = "bench-" + run + "-" + clients.size();
      // Over a shared connection the stream's own token still says who each client is.
      ParleyClient connection = options.sharedChannels() && !connections.isEmpty()
          ? connections.getFirst().as(tokens.apply(user))
          : new ParleyClient(endpoint, tokens.apply(user));
      connections.add(connection);
      BenchClient client = new BenchClient(user, connection, meter, options);
      clients.add(client);
      wave.add(client.connect());
      if (wave.size() == WAVE || i == count - 1) {
        for (CompletableFuture<Long> one : wave) {
          get(one, "connect a client");
        }
        wave.clear();
      }
    }
  }

  private void pair(BenchClient one, BenchClient other, boolean bothSend) throws InterruptedException {
    String id = get(one.session().createDirect(other.userId()), "create a direct conversation");
    talks.add(talk(id, one, other, bothSend));
  }

  private static Talk talk(String id, BenchClient one, BenchClient other, boolean bothSend) {
    Talk talk = new Talk(id, List.of(one, other), bothSend ? List.of(one, other) : List.of(one));
    talk.acked(1);
    return talk;
  }

  private void group(List<BenchClient> members) throws InterruptedException {
    List<String> ids = members.stream().skip(1).map(BenchClient::userId).toList();
    BenchClient owner = members.getFirst();
    String id = get(
        owner.session().createGroup("bench", ids.subList(0, Math.min(ids.size(), MEMBERS_PER_COMMAND))),
        "create a group");
    Talk talk = new Talk(id, members, members);
    talk.acked(1);
    for (int from = MEMBERS_PER_COMMAND; from < ids.size(); from += MEMBERS_PER_COMMAND) {
      List<String> page = ids.subList(from, Math.min(ids.size(), from + MEMBERS_PER_COMMAND));
      talk.acked(get(owner.session().addMembers(id, page), "add members").getCursor().getSeq());
    }
    talks.add(talk);
  }

  static <T> T get(CompletableFuture<T> future, String what) throws InterruptedException {
    try {
      return future.get(SETUP_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException failed) {
      throw new IllegalStateException("Could not " + what + " within " + SETUP_SECONDS + " s: " + failed, failed);
    }
  }

  private void awaitBeginnings() throws InterruptedException {
    await("everybody has the beginning of each conversation", () -> talks.stream().allMatch(Talk::isDrained));
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    if (!Poll.until(condition, Duration.ofSeconds(SETUP_SECONDS))) {
      throw new IllegalStateException("After " + SETUP_SECONDS + " s it is still not so that " + what);
    }
  }

  @Override
  public void close() {
    // The first one holds the connection that all use when it is shared, so it goes last.
    for (ParleyClient connection : connections.reversed()) {
      connection.close();
    }
  }
}
