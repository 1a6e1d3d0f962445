package dev.parley.presence.store;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.parley.parts.Parts;
import dev.parley.parts.RedisServer;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All that a store keeps, on a server that refuses keys of different slots in one script, as a cluster does. */
class PresenceStoreClusterIT extends PresenceStoreContract {
  private static final int SLOTS = 16_384;

  @TempDir
  static Path directory;

  @SuppressWarnings("NullAway.Init")
  private static RedisServer server;

  @SuppressWarnings("NullAway.Init")
  private static RedisClient client;

  @SuppressWarnings("NullAway.Init")
  private static StatefulRedisConnection<String, String> beside;

  @SuppressWarnings("NullAway.Init")
  private RedisPresenceStore store;

  @BeforeAll
  static void start() {
    Path program = Parts.atHome(System.err::println).valkeyServer();
    server = RedisServer.start(new RedisServer.Settings(program, directory).withCluster());
    client = RedisClient.create(server.url());
    beside = client.connect();
    beside.sync().clusterAddSlots(IntStream.range(0, SLOTS).toArray());
    await().until(() -> beside.sync().clusterInfo().contains("cluster_state:ok"));
  }

  @AfterAll
  static void stop() {
    client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
    server.close();
  }

  @BeforeEach
  void open() {
    store = new RedisPresenceStore(server.url(), null, TestHops.SETTINGS, TestHops.HOPS);
    store.open(heard);
    await().until(() -> heard.states.contains("up"));
  }

  @AfterEach
  void close() {
    store.close();
    beside.sync().flushall();
  }

  @Override
  PresenceStore store() {
    return store;
  }

  @Override
  void pass(Duration time) {
    beside.sync().blpop((double) time.toMillis() / 1000, "nothing");
  }

  @Test
  void keysOfDifferentSlotsAreRefusedHere() {
    assertThatThrownBy(
            () -> beside.sync().eval("return 1", ScriptOutputType.INTEGER, new String[] {"{a}x", "{b}x"}))
        .isInstanceOf(RedisCommandExecutionException.class)
        .hasMessageContaining("CROSSSLOT");
  }
}
