package dev.parley.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.parley.chassis.resilience.Hop;
import dev.parley.conversation.jetstream.JetStreamBroker;
import dev.parley.conversation.jetstream.JetStreamSettings;
import dev.parley.conversation.log.Layout;
import dev.parley.parts.NatsServer;
import dev.parley.parts.Parts;
import dev.parley.router.RouterFixture.Device;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyException;
import dev.parley.sdk.SessionOptions;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.ListEventsRequest;
import dev.parley.v1.SendRequest;
import dev.parley.v1.Stored;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The hop from a router to the broker, a real nats-server that hangs or dies under load. */
class BrokerHopIT {
  private static final Layout LAYOUT =
      new Layout(4, Layout.ONE_NODE.window(), Layout.ONE_NODE.formatVersion());
  private static final int CONVERSATIONS = 40;
  /** Below what a send waits for a broker that does not answer, by far. */
  private static final long AT_ONCE_MILLIS = 500;

  private final HopProbe hop = new HopProbe("router-nats");
  private final Map<String, List<CompletableFuture<Stored>>> sent = new LinkedHashMap<>();

  @TempDir private Path directory;
  private NatsServer nats;
  private JetStreamBroker broker;
  private RouterFixture parley;
  private ParleyClient client;
  private Device ann;

  @BeforeEach
  void manyConversations() throws Exception {
    Path program = Parts.atHome(System.err::println).natsServer();
    nats = NatsServer.start(new NatsServer.Settings(program, directory).withSyncInterval("1s"));
    broker = JetStreamBroker.open(new JetStreamSettings(nats.url()).withLayout(LAYOUT, 64L << 20));
    parley = new RouterFixture(broker, hop.telemetry());
    client = parley.client("ann");
    ann = parley.connect("ann", SessionOptions.forDevice("phone").withCommands(10_000, 1));
    List<CompletableFuture<String>> created = new ArrayList<>();
    for (int i = 0; i < CONVERSATIONS; i++) {
      created.add(ann.session().createDirect("user-" + i));
    }
    for (CompletableFuture<String> one : created) {
      sent.put(one.get(20, TimeUnit.SECONDS), new ArrayList<>());
    }
    sendToAll(3);
    awaitAllStored();
  }

  @AfterEach
  void stop() {
    parley.close();
    broker.close();
    nats.close();
    hop.close();
  }

  private void sendToAll(int messages) {
    for (int i = 0; i < messages; i++) {
      sent.forEach((id, outcomes) -> outcomes.add(ann.session().sendText(id, "message " + outcomes.size())));
    }
  }

  private void awaitAllStored() throws Exception {
    for (List<CompletableFuture<Stored>> outcomes : sent.values()) {
      for (CompletableFuture<Stored> outcome : outcomes) {
        outcome.get(30, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void aBrokerThatHangsOpensItAndSendsAreRefusedAtOnceUntilItAnswers() throws Exception {
    hop.awaitState(Hop.State.CLOSED);
    nats.pause();
    try {
      sendToAll(2);
      hop.awaitState(Hop.State.OPEN);
      awaitRefusedAtOnce("the broker has not answered for a while");
      assertThat(hop.calls("refused_open")).isPositive();
    } finally {
      nats.resume();
    }

    assertThatAllIsWell();
  }

  @Test
  void aBrokerThatDiesOpensItAndItClosesWhenItIsBack() throws Exception {
    sendToAll(2);
    nats.kill();
    sendToAll(2);
    hop.awaitState(Hop.State.OPEN);
    awaitRefusedAtOnce("the broker");
    nats.restart();

    assertThatAllIsWell();
  }

  /** A few of those who ask are let through as trials, and wait. */
  private void awaitRefusedAtOnce(String message) {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> {
              ParleyException refusal = ParleyException.of(catchThrowable(this::send));
              assertThat(refusal.reason()).isEqualTo(ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE);
              assertThat(refusal).hasMessageContaining(message);
              assertThat(refusal.retryAfter()).isPositive();
            });
  }

  private void send() {
    String id = sent.keySet().iterator().next();
    client
        .blocking()
        .withDeadlineAfter(AT_ONCE_MILLIS, TimeUnit.MILLISECONDS)
        .send(SendRequest.newBuilder().setCommand(Say.command(id, Say.message("past it"), Instant.now())).build());
  }

  /** It closes by itself, whatever waited is stored, new sends pass, and the log holds all that was acknowledged. */
  private void assertThatAllIsWell() throws Exception {
    hop.awaitState(Hop.State.CLOSED);
    awaitAllStored();
    sendToAll(1);
    awaitAllStored();
    for (Map.Entry<String, List<CompletableFuture<Stored>>> conversation : sent.entrySet()) {
      assertThat(texts(conversation.getKey()))
          .containsExactlyElementsOf(
              conversation.getValue().stream().map(outcome -> "message " + conversation.getValue().indexOf(outcome)).toList());
    }
    hop.assertOpenedAndClosedInTheLog();
  }

  private List<String> texts(String id) {
    return client
        .blocking()
        .listEvents(ListEventsRequest.newBuilder().setConversationId(id).setPageSize(256).build())
        .getPagesList()
        .stream()
        .flatMap(page -> page.getEventsList().stream())
        .filter(Event::hasMessage)
        .map(event -> event.getMessage().getText())
        .filter(text -> text.startsWith("message "))
        .toList()
        .reversed();
  }
}
