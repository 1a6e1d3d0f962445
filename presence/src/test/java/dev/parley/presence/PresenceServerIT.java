package dev.parley.presence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dev.parley.chassis.admin.AdminSettings;
import dev.parley.chassis.config.Settings;
import dev.parley.chassis.server.LinkSecret;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.chassis.telemetry.TelemetrySettings;
import dev.parley.internal.v1.GetPresenceStatusRequest;
import dev.parley.internal.v1.GetPresenceStatusResponse;
import dev.parley.internal.v1.NodeEntry;
import dev.parley.internal.v1.NodeStatus;
import dev.parley.internal.v1.PresenceLinkServiceGrpc;
import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.ToPresence;
import dev.parley.internal.v1.Told;
import dev.parley.parts.Parts;
import dev.parley.parts.RedisServer;
import dev.parley.presence.link.LinkTimes;
import dev.parley.presence.store.RedisPresenceStore;
import dev.parley.presence.store.SubjectKey;
import dev.parley.presence.store.TestHops;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Presence over gRPC with a real server beneath it, which is killed, paused and emptied. */
class PresenceServerIT {
  private static final TelemetrySettings NO_METRICS = Settings.defaults(TelemetrySettings.class);
  private static final String SECRET = "s3cret";
  private static final Duration LEASE = Duration.ofMillis(2_500);
  private static final LinkTimes TIMES =
      new LinkTimes(
          Duration.ofMillis(300),
          Duration.ofMillis(1_500),
          LEASE,
          Duration.ofSeconds(2),
          Duration.ofMinutes(10),
          1_500,
          4_096);

  @TempDir
  static Path directory;

  @SuppressWarnings("NullAway.Init")
  private static RedisServer redis;

  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  @SuppressWarnings("NullAway.Init")
  private PresenceServer server;

  @BeforeAll
  static void startRedis() {
    redis = RedisServer.start(new RedisServer.Settings(Parts.atHome(System.err::println).valkeyServer(), directory));
  }

  @AfterAll
  static void stopRedis() {
    redis.close();
  }

  @BeforeEach
  void start() throws Exception {
    server = instance("presence-1");
  }

  @AfterEach
  void stop() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
    onRedis("FLUSHALL");
  }

  private PresenceServer instance(String name) throws Exception {
    RedisPresenceStore store = new RedisPresenceStore(redis.url(), null, TestHops.SETTINGS, TestHops.HOPS);
    open.push(store);
    PresenceServer started =
        new PresenceServer(
            new PresenceSettings(
                name, "127.0.0.1:0", SECRET, URI.create(redis.url()), null, TIMES, TestHops.SETTINGS,
                new AdminSettings(null), NO_METRICS),
            store,
            Telemetry.none());
    open.push(started);
    return started;
  }

  private RouterOverGrpc router(String name) {
    return router(server, name);
  }

  private RouterOverGrpc router(PresenceServer to, String name) {
    RouterOverGrpc router = RouterOverGrpc.linked(to.address(), SECRET, name);
    open.push(router);
    await().until(router::isAvailable);
    await().until(() -> !router.replays.isEmpty());
    return router;
  }

  private static void onRedis(String command) {
    RedisClient client = RedisClient.create(redis.url());
    try (StatefulRedisConnection<String, String> connection = client.connect()) {
      if (command.equals("FLUSHALL")) {
        connection.sync().flushall();
      }
    } finally {
      client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
    }
  }

  private static void awaitDevices(RouterOverGrpc router, String user, String... devices) {
    await()
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(() -> assertThat(router.devices(user)).isNotNull().containsExactly(devices));
  }

  @Test
  void aUserIsTheUnionOfWhatTwoRoutersSay() throws Exception {
    PresenceServer other = instance("presence-2");
    RouterOverGrpc a = router("a");
    RouterOverGrpc b = router(other, "b");
    a.device("alice", "phone");
    b.device("alice", "laptop");
    a.watch("alice");
    b.watch("alice");
    awaitDevices(a, "alice", "laptop", "phone");
    awaitDevices(b, "alice", "laptop", "phone");

    b.gone("alice");
    awaitDevices(a, "alice", "phone");
    awaitDevices(b, "alice", "phone");
  }

  @Test
  void theUsersOfARouterWhoseLinkBreaksAreOfflineWhenItsLeaseEnds() {
    RouterOverGrpc a = router("a");
    RouterOverGrpc b = router("b");
    a.device("alice", "phone");
    b.watch("alice");
    awaitDevices(b, "alice", "phone");

    long cut = System.nanoTime();
    a.close();
    awaitDevices(b, "alice");
    assertThat(Duration.ofNanos(System.nanoTime() - cut)).isGreaterThan(LEASE.minusSeconds(1));
  }

  @Test
  void aSilentLinkIsCutAndItsUsersAreOfflineWhenItsLeaseEnds() {
    RouterOverGrpc a = router("a");
    RouterOverGrpc b = router("b");
    a.device("alice", "phone");
    b.watch("alice");
    awaitDevices(b, "alice", "phone");

    a.fallSilent();
    await().until(() -> a.ended() != null);
    assertThat(code(a)).isEqualTo(Status.Code.ABORTED);
    awaitDevices(b, "alice");
  }

  @Test
  void whoComesBackElsewhereWithinTheLeaseIsNeverTold() {
    RouterOverGrpc a = router("a");
    RouterOverGrpc b = router("b");
    RouterOverGrpc c = router("c");
    a.device("alice", "phone");
    c.watch("alice");
    awaitDevices(c, "alice", "phone");

    a.leave();
    await().until(() -> a.ended() != null);
    await().untilAsserted(() -> assertThat(status().getNodesList()).filteredOn(NodeStatus::getLinked).hasSize(2));
    b.device("alice", "phone");
    await().untilAsserted(() -> assertThat(status().getNodesList()).extracting(NodeStatus::getNode).containsExactly("b", "c"));
    awaitDevices(c, "alice", "phone");
    assertThat(c.heardOffline("alice")).isFalse();
  }

  @Test
  void aRouterThatLinksAgainKeepsItsUsers() {
    RouterOverGrpc a = router("a");
    RouterOverGrpc b = router("b");
    a.device("alice", "phone");
    b.watch("alice");
    awaitDevices(b, "alice", "phone");

    RouterOverGrpc again = RouterOverGrpc.linked(server.address(), SECRET, "a");
    open.push(again);
    again.device("alice", "phone");
    await().until(() -> a.ended() != null);
    assertThat(code(a)).isEqualTo(Status.Code.ABORTED);
    await().untilAsserted(() -> assertThat(node("a").getGenerationsList()).hasSize(1).isEqualTo(again.replays));
    assertThat(b.heardOffline("alice")).isFalse();
    assertThat(b.devices("alice")).containsExactly("phone");
  }

  @Test
  void aKilledRedisIsToldAtOnceAndEverythingIsRightAgainSoonAfterItsRestart() {
    RouterOverGrpc a = router("a");
    RouterOverGrpc b = router("b");
    a.device("alice", "phone");
    b.watch("alice");
    b.watch("nobody");
    awaitDevices(b, "alice", "phone");

    redis.kill();
    await().atMost(Duration.ofSeconds(2)).until(() -> !b.isAvailable());
    b.watch("late");
    a.device("bob", "laptop");
    b.watch("bob");
    await().until(() -> b.told.stream().anyMatch(one -> one.getSubject().getUserId().equals("late")));
    assertThat(b.devices("late")).isNull();
    redis.restart();

    await().until(() -> a.isAvailable() && b.isAvailable());
    awaitDevices(b, "bob", "laptop");
    awaitDevices(b, "alice", "phone");
    awaitDevices(b, "late");
    assertThat(b.heardOffline("alice")).isFalse();
    a.gone("alice");
    awaitDevices(b, "alice");
  }

  @Test
  void aSilentRedisIsToldSoonAndEverythingIsRightAgainWhenItGoesOn() {
    RouterOverGrpc a = router("a");
    RouterOverGrpc b = router("b");
    a.device("alice", "phone");
    b.watch("alice");
    awaitDevices(b, "alice", "phone");

    redis.pause();
    try {
      await().atMost(Duration.ofSeconds(4)).until(() -> !b.isAvailable());
      a.device("bob", "laptop");
    } finally {
      redis.resume();
    }
    await().until(() -> a.isAvailable() && b.isAvailable());
    b.watch("bob");
    awaitDevices(b, "bob", "laptop");
    awaitDevices(b, "alice", "phone");
    assertThat(b.heardOffline("alice")).isFalse();
  }

  @Test
  void anEmptiedRedisIsFilledAgainAndNobodyIsToldOffline() {
    RouterOverGrpc a = router("a");
    RouterOverGrpc b = router("b");
    a.device("alice", "phone");
    b.watch("alice");
    awaitDevices(b, "alice", "phone");

    onRedis("FLUSHALL");
    await().until(() -> a.replays.size() == 2 && b.replays.size() == 2);
    RouterOverGrpc c = router("c");
    c.watch("alice");
    awaitDevices(c, "alice", "phone");
    awaitDevices(b, "alice", "phone");
    assertThat(b.heardOffline("alice") || c.heardOffline("alice")).isFalse();
  }

  @Test
  void anInstanceThatStartsBeforeRedisSaysSoAndWorksOnceItIsThere() throws Exception {
    redis.kill();
    PresenceServer early = instance("presence-2");
    RouterOverGrpc a = RouterOverGrpc.linked(early.address(), SECRET, "a");
    open.push(a);
    assertThat(a.isAvailable()).isFalse();
    redis.restart();
    await().until(a::isAvailable);
    a.device("alice", "phone");
    a.watch("alice");
    awaitDevices(a, "alice", "phone");
  }

  @Test
  void whoBreaksARuleLosesTheLinkAndNobodyElseDoes() {
    RouterOverGrpc good = router("good");
    assertThat(refusedWithSecret(null)).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(refusedWithSecret("guessed")).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertRefused(Status.Code.INVALID_ARGUMENT, "hello.node", RouterOverGrpc.hello("no name"));
    assertRefused(Status.Code.INVALID_ARGUMENT, "hello.node", RouterOverGrpc.hello("#epoch"));
    assertRefused(Status.Code.FAILED_PRECONDITION, "first frame", ToPresence.getDefaultInstance());
    assertRefused(
        Status.Code.FAILED_PRECONDITION, "only the first", RouterOverGrpc.hello("bad"), RouterOverGrpc.hello("bad"));
    NodeEntry entry = NodeEntry.newBuilder().setSubject(SubjectKey.user("alice").toSubject()).build();
    assertRefused(
        Status.Code.RESOURCE_EXHAUSTED,
        "at most 1000",
        RouterOverGrpc.hello("bad"),
        ToPresence.newBuilder().addAllEntries(Collections.nCopies(1_001, entry)).build());
    assertRefused(
        Status.Code.INVALID_ARGUMENT,
        "1 to 128 bytes",
        RouterOverGrpc.hello("bad"),
        ToPresence.newBuilder().addWatch(SubjectKey.user("x".repeat(129)).toSubject()).build());

    good.device("alice", "phone");
    good.watch("alice");
    awaitDevices(good, "alice", "phone");
    assertThat(status().getWatchedSubjects()).isEqualTo(1);
  }

  @Test
  void whatOnlyANewerRouterKnowsIsToldAsNotKnownAtOnceAndTheLinkGoesOn() {
    Subject newer =
        Subject.newBuilder()
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(99, UnknownFieldSet.Field.newBuilder().addLengthDelimited(ByteString.copyFromUtf8("x")).build())
                    .build())
            .build();
    RouterOverGrpc router = router("newer");
    router.say(
        ToPresence.newBuilder()
            .addEntries(NodeEntry.newBuilder().setSubject(newer))
            .addWatch(newer)
            .addUnwatch(newer)
            .build());

    await().untilAsserted(() -> assertThat(router.told).containsExactly(Told.newBuilder().setSubject(newer).build()));
    router.device("ann", "phone");
    router.watch("ann");
    awaitDevices(router, "ann", "phone");
    assertThat(router.ended()).isNull();
  }

  @Test
  void whatARouterWatchesAboveItsLimitReadsUnknownAndTheRestGoesOn() {
    RouterOverGrpc full = router("full");
    ToPresence.Builder many = ToPresence.newBuilder();
    ToPresence.Builder more = ToPresence.newBuilder();
    for (int i = 0; i < 1_000; i++) {
      many.addWatch(SubjectKey.user("many-" + i).toSubject());
      more.addWatch(SubjectKey.user("more-" + i).toSubject());
    }
    full.say(many.build());
    full.say(more.build());
    await().untilAsserted(() -> assertThat(full.told).hasSizeGreaterThanOrEqualTo(2_000));
    assertThat(full.told).extracting(told -> told.getSubject().getUserId()).contains("many-0", "more-999");
    full.device("many-0", "phone");
    awaitDevices(full, "many-0", "phone");
    assertThat(status().getWatchedSubjects()).isEqualTo(1_500);
  }

  private Status.@Nullable Code refusedWithSecret(@Nullable String secret) {
    try (RouterOverGrpc router = new RouterOverGrpc(server.address(), secret)) {
      await().until(() -> router.ended() != null);
      return code(router);
    }
  }

  private void assertRefused(Status.Code code, String why, ToPresence... frames) {
    try (RouterOverGrpc router = new RouterOverGrpc(server.address(), SECRET)) {
      for (ToPresence frame : frames) {
        router.say(frame);
      }
      await().until(() -> router.ended() != null);
      assertThat(code(router)).isEqualTo(code);
      assertThat(String.valueOf(router.ended())).contains(why);
    }
  }

  private static Status.@Nullable Code code(RouterOverGrpc router) {
    Status status = router.ended();
    return status == null ? null : status.getCode();
  }

  @Test
  void theStatusTellsWhatIsKnown() {
    RouterOverGrpc a = router("a");
    a.device("alice", "phone");
    a.device("bob", "phone");
    a.watch("alice");
    awaitDevices(a, "alice", "phone");
    await().untilAsserted(() -> assertThat(node("a").getUsers()).isEqualTo(2));
    GetPresenceStatusResponse status = status();
    assertThat(status.getInstance()).isEqualTo("presence-1");
    assertThat(status.getAvailable()).isTrue();
    assertThat(status.getWatchedSubjects()).isEqualTo(1);
    assertThat(node("a").getLinked()).isTrue();
    assertThat(node("a").getGenerationsList()).isEqualTo(a.replays);
    assertThat(node("a").getLeaseLeft().getSeconds()).isBetween(0L, LEASE.toSeconds());
  }

  private GetPresenceStatusResponse status() {
    ManagedChannel channel = NettyChannelBuilder.forTarget(server.address()).usePlaintext().build();
    try {
      return PresenceLinkServiceGrpc.newBlockingStub(channel)
          .withInterceptors(new LinkSecret(SECRET).shown())
          .getPresenceStatus(GetPresenceStatusRequest.getDefaultInstance());
    } finally {
      channel.shutdownNow();
    }
  }

  private NodeStatus node(String name) {
    List<NodeStatus> nodes = status().getNodesList();
    return nodes.stream()
        .filter(node -> node.getNode().equals(name))
        .findFirst()
        .orElse(NodeStatus.getDefaultInstance());
  }
}
