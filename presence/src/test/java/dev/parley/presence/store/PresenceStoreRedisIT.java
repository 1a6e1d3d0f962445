package dev.parley.presence.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.parley.parts.Parts;
import dev.parley.parts.RedisServer;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PresenceStoreRedisIT extends PresenceStoreContract {
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
    server = RedisServer.start(new RedisServer.Settings(program, directory).withPassword("s3cret"));
    client = RedisClient.create(server.url());
    beside = client.connect();
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
  void anEmptiedStoreHasAnotherEpochAndStillItsScriptsOrNot() {
    term("a");
    long epoch = now(store.renew(Map.of(), LEASE)).epoch();
    beside.sync().flushall();
    beside.sync().scriptFlush();
    assertThat(now(store.read(List.of(), List.of())).version()).isZero();
    assertThat(now(store.renew(Map.of(), LEASE)).epoch()).isNotEqualTo(epoch).isPositive();
  }

  @Test
  void everyKeyEnds() {
    TermId term = term("a");
    apply(term, SubjectKey.user("alice"), online(1), seen(1, 1, ""));
    List<String> keys = beside.sync().keys("{p*");
    assertThat(keys).hasSize(2).allSatisfy(key -> assertThat(beside.sync().pttl(key)).isPositive());
  }

  @Test
  void afterAKilledServerIsBackEverythingWorksAgainWithoutHelp() {
    server.kill();
    await().until(() -> heard.states.contains("down"));
    assertThatThrownBy(() -> term("a")).hasCauseInstanceOf(PresenceStoreException.class);
    server.restart();
    beside.sync().ping();

    await().untilAsserted(() -> assertThat(heard.states).containsExactly("up", "down", "up"));
    TermId term = term("a");
    apply(term, SubjectKey.user("alice"), online(1), null);
    await().untilAsserted(() -> assertThat(heard.of(term)).hasSize(1));
  }

  @Test
  void aSilentServerIsTakenForDownAfterTwoCalls() {
    server.pause();
    assertThatThrownBy(() -> term("a")).hasCauseInstanceOf(PresenceStoreException.class);
    assertThatThrownBy(() -> term("a")).hasCauseInstanceOf(PresenceStoreException.class);
    await().until(() -> heard.states.contains("down"));
    server.resume();
    await().untilAsserted(() -> assertThat(heard.states).containsExactly("up", "down", "up"));
    assertThat(term("a").generation()).isPositive();
  }
}
