package dev.parley.conversation.jetstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.BrokerContract;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.Registry;
import dev.parley.conversation.log.Table;
import dev.parley.conversation.log.ToldRouters;
import dev.parley.parts.NatsServer;
import dev.parley.parts.Parts;
import dev.parley.v1.Durability;
import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamState;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JetStreamBrokerIT extends BrokerContract {
  private static final Duration APPEND_TIMEOUT = Duration.ofMillis(500);
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(5);

  @TempDir
  static Path directory;

  private static Path program;
  private static NatsServer server;

  private Duration maxAge = Duration.ZERO;

  @BeforeAll
  static void startServer() {
    program = Parts.atHome(System.err::println).natsServer();
    server = NatsServer.start(new NatsServer.Settings(program, directory));
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @Override
  protected Broker create() throws Exception {
    try (Connection connection = Nats.connect(server.url())) {
      var management = connection.jetStreamManagement();
      for (String stream : management.getStreamNames()) {
        management.deleteStream(stream);
      }
    }
    Broker opened = JetStreamBroker.open(settings());
    // A slow machine must not end an entry in the middle of a test.
    maxAge = changeMaxAge(Duration.ofMinutes(5));
    return opened;
  }

  @Override
  protected void eventually(Runnable assertion) {
    await().untilAsserted(assertion::run);
  }

  @Override
  protected void pass(Duration time) throws Exception {
    // It passes by itself, now that entries end as they were meant to.
    changeMaxAge(maxAge);
  }

  /** Changes when entries of the registry end; what it was before. */
  private static Duration changeMaxAge(Duration maxAge) throws Exception {
    try (Connection connection = Nats.connect(server.url())) {
      var management = connection.jetStreamManagement();
      StreamConfiguration before = management.getStreamInfo("KV_routers").getConfiguration();
      management.updateStream(StreamConfiguration.builder(before).maxAge(maxAge).build());
      return before.getMaxAge();
    }
  }

  private static JetStreamSettings settings() {
    return new JetStreamSettings(server.url())
        .withMonitorUrl(URI.create(server.monitorUrl()))
        .withLayout(LAYOUT, MAX_BYTES_PER_SHARD)
        .withTimeouts(APPEND_TIMEOUT, REQUEST_TIMEOUT);
  }

  @Test
  void theBrokerItselfTellsThatItSyncsEachMessage() {
    assertThat(broker.durability()).isEqualTo(Durability.DURABILITY_SYNCED);
  }

  @Test
  void withoutAMonitoringEndpointTheConfiguredDurabilityIsSaid() {
    try (Broker unasked = JetStreamBroker.open(
        new JetStreamSettings(server.url()).withLayout(LAYOUT, MAX_BYTES_PER_SHARD))) {
      assertThat(unasked.durability()).isEqualTo(Durability.DURABILITY_WRITTEN);
    }
  }

  @Test
  void aLogOfAnotherLayoutIsRefused() {
    var other = settings().withLayout(new Layout(4, 64, 1), MAX_BYTES_PER_SHARD);
    assertThatThrownBy(() -> JetStreamBroker.open(other))
        .isInstanceOfSatisfying(LogException.class, e -> assertThat(e.kind()).isEqualTo(Kind.REFUSED))
        .hasMessageContaining("shards=2")
        .hasMessageContaining("shards=4");
  }

  @Test
  void aBrokerBehindAPasswordTakesOnlyThoseWhoHaveIt() throws Exception {
    var guarded = new NatsServer.Settings(program, directory.resolve("guarded"))
        .withUsers(List.of(new NatsServer.User("parley", "s3cret", null)));
    try (NatsServer guardedServer = NatsServer.start(guarded)) {
      var settings = new JetStreamSettings(guardedServer.url()).withLayout(LAYOUT, MAX_BYTES_PER_SHARD);
      assertThatThrownBy(() -> JetStreamBroker.open(settings)).isInstanceOf(LogException.class);
      try (Broker let = JetStreamBroker.open(settings.withLogin("parley", "s3cret"))) {
        assertThat(get(let.shard(0).append("c1", bytes("a"), 0))).isEqualTo(1);
      }
    }
  }

  @Test
  void anUnreachableBrokerIsNamed() {
    assertThatThrownBy(() -> JetStreamBroker.open(new JetStreamSettings("nats://127.0.0.1:1")))
        .isInstanceOfSatisfying(LogException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_SENT))
        .hasMessageContaining("nats://127.0.0.1:1");
  }

  @Test
  void anotherRouterReadsWhatThisOneWrote() throws Exception {
    get(log.append("c1", bytes("a"), 0));
    try (Broker second = JetStreamBroker.open(settings())) {
      assertThat(texts(get(second.shard(0).read(new long[] {1})))).containsExactly("1:a");
      assertThat(failure(second.shard(0).append("c1", bytes("b"), 0))).isEqualTo(Kind.CONFLICT);
    }
  }

  @Test
  void aReplacedRecordIsNoLongerOnTheDisk() throws Exception {
    String secret = "the words that must go";
    get(log.append("c1", bytes(secret), 0));
    get(log.append("c1", bytes("b"), 1));
    assertThat(onDisk(secret)).isTrue();

    get(log.replace(1, bytes("cut")));

    assertThat(onDisk(secret)).isFalse();
  }

  @Test
  void afterACrashAllThatWasAcknowledgedIsThereAndAppendsGoOn() throws Exception {
    for (int i = 0; i < 100; i++) {
      get(log.append("c" + i % 3, bytes("r" + i), i));
    }
    Table table = broker.table(TableName.PROFILES);
    long revision = get(table.put("u1", bytes("a"), 0));
    var told = new ConcurrentLinkedQueue<String>();
    get(table.watch((key, entry) -> told.add(new String(entry.value(), StandardCharsets.UTF_8))));

    server.kill();
    await().until(() -> !broker.connected());
    assertThat(failure(log.append("c1", bytes("nobody there"), 100))).isEqualTo(Kind.NOT_SENT);
    server.restart();
    await().until(broker::connected);

    assertThat(get(log.tail()).position()).isEqualTo(100);
    assertThat(texts(get(log.read(LongStream.rangeClosed(1, 100).toArray()))))
        .startsWith("1:r0")
        .endsWith("100:r99")
        .hasSize(100);
    assertThat(get(log.append("c1", bytes("next"), 100))).isEqualTo(101);
    get(table.put("u1", bytes("after the crash"), revision));
    await().untilAsserted(() -> assertThat(told).contains("after the crash"));
  }

  @Test
  void afterACrashAWatcherIsToldOfTheRoutersAgainAndOfThoseThatEndedMeanwhile() throws Exception {
    var told = new ToldRouters();
    get(broker.registry().watch(told));
    get(broker.registry().announce("r1", bytes("a")));
    get(broker.registry().announce("r2", bytes("b")));
    await().until(() -> told.lines().size() == 2);

    pass(Registry.TTL);
    server.kill();
    await().until(() -> !broker.connected());
    server.restart();
    await().until(broker::connected);
    announced("r1", "still there");

    await().untilAsserted(() -> assertThat(told.lines()).contains("r1=still there", "r2 gone"));
    announced("r3", "new");
    await().untilAsserted(() -> assertThat(told.lines()).contains("r3=new"));
    var late = new ToldRouters();
    get(broker.registry().watch(late));
    assertThat(told.revisions()).containsAll(late.revisions());
  }

  /** Announces a router again and again until it is stored, as a router does. */
  private void announced(String router, String entry) {
    await().until(() -> broker.registry().announce(router, bytes(entry)).handle((stored, e) -> e == null).get());
  }

  @Test
  void aWatchOfWhichTheBrokerForgotTheConsumerGoesOnWithTheNextAnnouncements() throws Exception {
    var told = new ToldRouters();
    get(broker.registry().watch(told));
    announced("r1", "a");
    await().until(() -> told.lines().contains("r1=a"));

    forgetConsumersOf("KV_routers");
    announced("r1", "unheard");

    await().untilAsserted(() -> {
      announced("r1", "b");
      assertThat(told.lines()).contains("r1=b");
    });
  }

  @Test
  void aRouterThatHasEndedLeavesNothingAndIsToldOnce() throws Exception {
    var told = new ToldRouters();
    get(broker.registry().watch(told));
    get(broker.registry().announce("ends", bytes("a")));
    get(broker.registry().announce("withdrawn", bytes("b")));
    // A withdrawal takes the entry's place: a watch that has not read it yet hears of neither.
    await().untilAsserted(() -> assertThat(told.lines()).contains("withdrawn=b"));
    get(broker.registry().withdraw("withdrawn"));
    pass(Registry.TTL);

    await().untilAsserted(() -> assertThat(told.lines()).contains("ends gone"));
    await().until(() -> messagesIn("KV_routers") == 0);

    assertThat(told.lines()).containsExactly("ends=a", "withdrawn=b", "withdrawn gone", "ends gone");
    assertThat(lastSequenceOf("KV_routers")).isEqualTo(4);
  }

  @Test
  void whatIsToBeDoneAfterABreakIsDoneOnceAndWithAllConnections() throws Exception {
    var connected = new ConcurrentLinkedQueue<Boolean>();
    broker.onReconnect(() -> connected.add(broker.connected()));
    var heard = new ConcurrentLinkedQueue<String>();
    broker.wakes().listen("u1", notice -> heard.add(new String(notice, StandardCharsets.UTF_8)));
    broker.wakes().wake("u1", bytes("before"));
    await().until(() -> heard.size() == 1);

    server.kill();
    await().until(() -> !broker.connected());
    broker.wakes().wake("u1", bytes("lost"));
    server.restart();
    await().until(() -> !connected.isEmpty());
    broker.wakes().wake("u1", bytes("after"));

    await().untilAsserted(() -> assertThat(heard).containsExactly("before", "after"));
    assertThat(connected).containsExactly(true);
  }

  @Test
  void appendsInFlightWhenTheBrokerDiesAreUnknownAtOnce() throws Exception {
    server.pause();
    List<CompletableFuture<Long>> inFlight = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      inFlight.add(log.append("c1", bytes("r" + i), i));
    }
    server.kill();
    for (var append : inFlight) {
      assertThat(failure(append)).isEqualTo(Kind.UNKNOWN);
    }
    server.restart();
    await().until(broker::connected);
  }

  @Test
  void anAppendToAHungBrokerIsUnknownAfterItsTimeAndMayStillBeWritten() throws Exception {
    server.pause();
    assertThat(failure(log.append("c1", bytes("late"), 0))).isEqualTo(Kind.UNKNOWN);
    server.resume();
    await().untilAsserted(() -> assertThat(get(log.tail()).position()).isEqualTo(1));
    assertThat(failure(log.append("c1", bytes("second"), 0))).isEqualTo(Kind.CONFLICT);
  }

  private static void forgetConsumersOf(String stream) throws Exception {
    try (Connection connection = Nats.connect(server.url())) {
      var management = connection.jetStreamManagement();
      for (String consumer : management.getConsumerNames(stream)) {
        management.deleteConsumer(stream, consumer);
      }
    }
  }

  private static long messagesIn(String stream) throws Exception {
    return stateOf(stream).getMsgCount();
  }

  private static long lastSequenceOf(String stream) throws Exception {
    return stateOf(stream).getLastSequence();
  }

  private static StreamState stateOf(String stream) throws Exception {
    try (Connection connection = Nats.connect(server.url())) {
      return connection.jetStreamManagement().getStreamInfo(stream).getStreamState();
    }
  }

  private static boolean onDisk(String text) throws Exception {
    try (Stream<Path> files = Files.walk(directory.resolve("jetstream"))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".blk")).toList()) {
        if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text)) {
          return true;
        }
      }
      return false;
    }
  }
}
