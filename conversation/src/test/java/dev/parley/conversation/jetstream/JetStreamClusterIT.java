package dev.parley.conversation.jetstream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.ToldRouters;
import dev.parley.parts.NatsCluster;
import dev.parley.parts.NatsServer;
import dev.parley.parts.Parts;
import io.nats.client.Connection;
import io.nats.client.Nats;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the log keeps when it lies on three nodes and one of them dies. */
@Timeout(120)
class JetStreamClusterIT {
  private static final Duration FAIL_OVER = Duration.ofSeconds(60);

  @TempDir
  static Path directory;

  private static NatsCluster cluster;

  @BeforeAll
  static void startCluster() {
    Path program = Parts.atHome(System.err::println).natsServer();
    cluster = NatsCluster.start(new NatsServer.Settings(program, directory));
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  private static Broker open() {
    return JetStreamBroker.open(new JetStreamSettings(cluster.urls().getFirst())
        .withCluster(cluster.urls(), 3)
        .withLayout(new Layout(1, 64, 1), 64 * 1024 * 1024));
  }

  @Test
  void whatWasAcknowledgedOutlivesTheDeathOfTheLeader() throws Exception {
    try (Broker broker = open()) {
      ShardLog log = broker.shard(0);
      for (int i = 0; i < 100; i++) {
        assertThat(get(log.append("c" + i % 3, ("r" + (i + 1)).getBytes(UTF_8), i))).isEqualTo(i + 1L);
      }
      NatsServer dead = leader("shard-0");

      dead.kill();
      // Appends whose outcome is unknown may be stored too: this one counts when it is the last.
      await().atMost(FAIL_OVER).until(() -> stored(log.append("c1", "r101".getBytes(UTF_8), 100)) || tail(log) == 101);

      assertThat(leader("shard-0")).isNotSameAs(dead);
      dead.restart();
      assertThat(get(log.append("c1", "r102".getBytes(UTF_8), 101))).isEqualTo(102);
      // The replica that answers may still lack the newest.
      await().untilAsserted(() -> assertThat(read(log, 102)).containsExactly(
          LongStream.rangeClosed(1, 102).mapToObj(position -> "r" + position).toArray(String[]::new)));
    }
  }

  private static List<String> read(ShardLog log, int last) throws Exception {
    return get(log.read(LongStream.rangeClosed(1, last).toArray())).stream()
        .map(record -> record == null ? "none" : new String(record.bytes(), UTF_8))
        .toList();
  }

  @Test
  void routersAreToldOnAfterTheDeathOfTheLeader() throws Exception {
    try (Broker broker = open()) {
      var told = new ToldRouters();
      get(broker.registry().watch(told));
      get(broker.registry().announce("r1", "there".getBytes(UTF_8)));
      get(broker.registry().announce("r2", "there".getBytes(UTF_8)));
      NatsServer dead = leader("KV_routers");

      dead.kill();
      await().atMost(FAIL_OVER).until(() -> {
        broker.registry().announce("r1", "still there".getBytes(UTF_8));
        return told.lines().containsAll(List.of("r1=still there", "r2 gone"));
      });
      dead.restart();
    }
  }

  private static boolean stored(CompletableFuture<Long> append) {
    try {
      return append.join() > 0;
    } catch (CompletionException e) {
      assertThat(e).hasCauseInstanceOf(LogException.class);
      return false;
    }
  }

  private static long tail(ShardLog log) {
    return log.tail().thenApply(ShardLog.Tail::position).exceptionally(e -> -1L).join();
  }

  private static NatsServer leader(String name) throws Exception {
    try (Connection connection = Nats.connect(String.join(",", cluster.urls()))) {
      var stream = connection.jetStreamManagement().getStreamInfo(name);
      return cluster.node(Objects.requireNonNull(stream.getClusterInfo()).getLeader());
    }
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }
}
