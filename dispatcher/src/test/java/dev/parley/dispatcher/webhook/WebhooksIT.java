package dev.parley.dispatcher.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import com.standardwebhooks.exceptions.WebhookVerificationException;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.jetstream.JetStreamBroker;
import dev.parley.conversation.jetstream.JetStreamSettings;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.Layout;
import dev.parley.dispatcher.http.GuardedClient;
import dev.parley.dispatcher.http.HttpSettings;
import dev.parley.dispatcher.http.NastyServer;
import dev.parley.parts.NatsServer;
import dev.parley.parts.Parts;
import dev.parley.v1.CreateWebhookRequest;
import dev.parley.v1.CreateWebhookResponse;
import dev.parley.v1.DeleteWebhookRequest;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.GetWebhookRequest;
import dev.parley.v1.ListWebhooksRequest;
import dev.parley.v1.ReplayWebhookRequest;
import dev.parley.v1.RotateWebhookSecretRequest;
import dev.parley.v1.UpdateWebhookRequest;
import dev.parley.v1.Webhook;
import dev.parley.v1.WebhookPayload;
import dev.parley.v1.WebhookState;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Webhooks over a real broker, to a server that misbehaves. */
class WebhooksIT {
  private static final Layout LAYOUT = new Layout(2, 64, 1);
  private static final long ROOM = 64L << 20;

  @TempDir
  static Path directory;

  private static NatsServer nats;

  private final AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);
  private final InstantSource clock = () -> Instant.now().plus(ahead.get());
  private final List<Dispatcher> dispatchers = new ArrayList<>();
  private NastyServer server;
  private Broker broker;
  private WrittenLog log;
  private Dispatcher first;

  /** A dispatcher with a broker connection of its own, which can be cut off. */
  private static final class Dispatcher implements AutoCloseable {
    final Broker broker = JetStreamBroker.open(new JetStreamSettings(nats.url()).withLayout(LAYOUT, ROOM));
    final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    final GuardedClient client =
        new GuardedClient(
            new HttpSettings(
                List.of("127.0.0.0/8"), true, null, Duration.ofSeconds(1), Duration.ofMillis(1_500), 256, 512));
    final Webhooks webhooks;
    final WebhookGrpcService service;

    Dispatcher(InstantSource clock) {
      webhooks =
          new Webhooks(
              broker, Rig.SETTINGS, client, clock, scheduler, new Random(7), Telemetry.none().meter());
      service = webhooks.service();
      webhooks.start().join();
      webhooks.own(0);
      webhooks.own(1);
    }

    /** As if it had died: nothing more is stored or sent. */
    void die() {
      scheduler.shutdownNow();
      client.close();
      broker.close();
    }

    @Override
    public void close() {
      if (!scheduler.isShutdown()) {
        webhooks.close();
        die();
      }
    }
  }

  @BeforeAll
  static void startBroker() {
    Path program = Parts.atHome(System.err::println).natsServer();
    nats = NatsServer.start(new NatsServer.Settings(program, directory).withSyncInterval("1s"));
  }

  @AfterAll
  static void stopBroker() {
    nats.close();
  }

  @BeforeEach
  void start() throws Exception {
    server = new NastyServer();
    broker = JetStreamBroker.open(new JetStreamSettings(nats.url()).withLayout(LAYOUT, ROOM));
    log = new WrittenLog(broker.shard(0));
    first = new Dispatcher(clock);
    dispatchers.add(first);
  }

  @AfterEach
  void stop() throws Exception {
    Dispatcher newest = dispatchers.getLast();
    for (Webhook webhook : list(newest)) {
      Answer.of(
          newest.service::deleteWebhook, DeleteWebhookRequest.newBuilder().setWebhookId(webhook.getWebhookId()).build());
    }
    dispatchers.forEach(Dispatcher::close);
    broker.close();
    server.close();
  }

  private Dispatcher another() {
    Dispatcher dispatcher = new Dispatcher(clock);
    dispatchers.add(dispatcher);
    return dispatcher;
  }

  private static List<Webhook> list(Dispatcher dispatcher) {
    return Answer.of(dispatcher.service::listWebhooks, ListWebhooksRequest.getDefaultInstance()).getWebhooksList();
  }

  private CreateWebhookResponse create(String path) {
    CreateWebhookResponse created =
        Answer.of(
            first.service::createWebhook,
            CreateWebhookRequest.newBuilder()
                .setWebhookId(UUID.randomUUID().toString())
                .setUrl(server.url(path))
                .build());
    // What is written from now on happens after it was created.
    Instant creation = clock.instant();
    await().until(() -> clock.instant().isAfter(creation.plusMillis(1)));
    return created;
  }

  private static Webhook get(Dispatcher dispatcher, String id) {
    return Answer.of(dispatcher.service::getWebhook, GetWebhookRequest.newBuilder().setWebhookId(id).build())
        .getWebhook();
  }

  /** Texts by conversation, in the order in which they came. */
  private Map<String, List<String>> texts(String path) {
    Map<String, List<String>> texts = new LinkedHashMap<>();
    for (NastyServer.Request request : server.to(path)) {
      WebhookPayload payload = payload(request);
      texts
          .computeIfAbsent(payload.getData().getConversationId(), id -> new ArrayList<>())
          .add(payload.getData().getEvent().getMessage().getText());
    }
    return texts;
  }

  private static WebhookPayload payload(NastyServer.Request request) {
    try {
      WebhookPayload.Builder payload = WebhookPayload.newBuilder();
      JsonFormat.parser().merge(request.body(), payload);
      return payload.build();
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> numbers(int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(Integer::toString).toList();
  }

  private void say(String conversation, int from, int to) {
    for (String number : numbers(from, to)) {
      log.messages(conversation, clock.instant(), number);
    }
  }

  private static void verify(String secret, NastyServer.Request request) throws Exception {
    Map<String, List<String>> headers = new HashMap<>();
    request.headers().forEach((name, value) -> headers.put(name, List.of(value)));
    new com.standardwebhooks.Webhook(secret).verify(request.body(), headers);
  }

  @Test
  void whatHappensComesInOrderAndTheCursorsTellSo() {
    String id = create("/ok").getWebhook().getWebhookId();
    String one = UUID.randomUUID().toString();
    String two = UUID.randomUUID().toString();
    for (int i = 1; i <= 100; i++) {
      say(one, i, i);
      say(two, i, i);
    }
    await().untilAsserted(
        () -> assertThat(texts("/ok")).containsEntry(one, numbers(1, 100)).containsEntry(two, numbers(1, 100)));
    await().untilAsserted(
        () ->
            assertThat(Instant.ofEpochSecond(get(first, id).getDeliveredTime().getSeconds()))
                .isAfter(Instant.now().minusSeconds(2)));
  }

  @Test
  void eachOfTwoSecretsVerifiesUntilTheFormerOneIsDropped() throws Exception {
    CreateWebhookResponse created = create("/ok");
    String id = created.getWebhook().getWebhookId();
    String conversation = UUID.randomUUID().toString();
    String newer =
        Answer.of(
                first.service::rotateWebhookSecret,
                RotateWebhookSecretRequest.newBuilder().setWebhookId(id).build())
            .getSecret();
    say(conversation, 1, 1);
    // A rotation counts from the moment in which the dispatcher has heard of it.
    await().until(() -> !server.to("/ok").isEmpty());
    await().until(() -> {
      say(conversation, 2, 2);
      return server.to("/ok").getLast().headers().getOrDefault("webhook-signature", "").contains(" ");
    });
    verify(newer, server.to("/ok").getLast());
    verify(created.getSecret(), server.to("/ok").getLast());

    Answer.of(
        first.service::rotateWebhookSecret,
        RotateWebhookSecretRequest.newBuilder().setWebhookId(id).setDropPrevious(true).build());
    await().until(() -> {
      say(conversation, 3, 3);
      return !server.to("/ok").getLast().headers().getOrDefault("webhook-signature", " ").contains(" ");
    });
    verify(newer, server.to("/ok").getLast());
    assertThatThrownBy(() -> verify(created.getSecret(), server.to("/ok").getLast()))
        .isInstanceOf(WebhookVerificationException.class);
  }

  @Test
  void whoeverMisbehavesDelaysNobodyElse() {
    List<String> bad =
        List.of(
            "/never", "/drip", "/half", "/huge", "/headers", "/garbage", "/hang-up", "/redirect", "/status/404",
            "/status/500", "/status/429/60");
    bad.forEach(this::create);
    String good = create("/ok").getWebhook().getWebhookId();
    List<String> conversations = IntStream.range(0, 20).mapToObj(i -> UUID.randomUUID().toString()).toList();
    for (int i = 1; i <= 10; i++) {
      for (String conversation : conversations) {
        say(conversation, i, i);
      }
    }
    await().untilAsserted(
        () ->
            assertThat(texts("/ok"))
                .containsOnlyKeys(conversations)
                .allSatisfy((conversation, texts) -> assertThat(texts).isEqualTo(numbers(1, 10))));
    assertThat(server.requests).noneMatch(request -> request.path().equals("/target"));

    // Those that fail say why; a body that is too long is none of our business.
    await().untilAsserted(() -> {
      Map<String, String> reasons = new HashMap<>();
      list(first).forEach(webhook -> reasons.put(webhook.getUrl(), webhook.getFailure().getReason()));
      assertThat(reasons)
          .containsEntry(server.url("/never"), "no answer within 1500 ms")
          .containsEntry(server.url("/drip"), "no answer within 1500 ms")
          .containsEntry(server.url("/half"), "the connection ended before the answer did")
          .containsEntry(server.url("/redirect"), "status 307: redirects are not followed")
          .containsEntry(server.url("/headers"), "the answer's headers are too large")
          .containsEntry(server.url("/status/404"), "status 404")
          .containsEntry(server.url("/status/500"), "status 500")
          .containsEntry(server.url("/status/429/60"), "status 429")
          .containsEntry(server.url("/huge"), "")
          .containsEntry(server.url("/ok"), "");
    });
    assertThat(get(first, good).hasFailure()).isFalse();
  }

  @Test
  void anEndpointThatComesBackGetsEverythingInOrder() {
    server.manner("/moody", "/status/500");
    String id = create("/moody").getWebhook().getWebhookId();
    String conversation = UUID.randomUUID().toString();
    say(conversation, 1, 30);
    await().until(() -> get(first, id).hasFailure());
    server.manner("/moody", "/ok");
    ahead.set(Duration.ofSeconds(10));
    await().untilAsserted(
        () -> assertThat(texts("/moody").getOrDefault(conversation, List.of())).endsWith("28", "29", "30"));
    List<String> came = texts("/moody").getOrDefault(conversation, List.of());
    assertThat(came.subList(came.lastIndexOf("1"), came.size())).isEqualTo(numbers(1, 30));
    await().until(() -> !get(first, id).hasFailure());
  }

  @Test
  void anAddressThatIsNotPublicIsRefused() {
    for (String url : List.of("http://10.0.0.1/hook", "http://169.254.169.254/latest", "http://[::1]/", "ftp://x/")) {
      CreateWebhookRequest creation =
          CreateWebhookRequest.newBuilder().setWebhookId(UUID.randomUUID().toString()).setUrl(url).build();
      assertThat(Answer.refusal(first.service::createWebhook, creation))
          .as(url)
          .isEqualTo(ErrorReason.ERROR_REASON_TARGET_NOT_ALLOWED);
    }
  }

  @Test
  void nothingIsLostWhenADispatcherDiesAndRepetitionsHaveTheSameIds() {
    create("/ok");
    String conversation = UUID.randomUUID().toString();
    say(conversation, 1, 200);
    await().until(() -> server.to("/ok").size() > 100);
    first.die();
    another();
    say(conversation, 201, 250);
    await().untilAsserted(
        () -> assertThat(texts("/ok").getOrDefault(conversation, List.of())).endsWith("248", "249", "250"));

    Map<String, String> ids = new LinkedHashMap<>();
    for (NastyServer.Request request : server.to("/ok")) {
      String text = payload(request).getData().getEvent().getMessage().getText();
      String id = request.headers().getOrDefault("webhook-id", "");
      assertThat(ids.merge(text, id, (before, now) -> before)).isEqualTo(id);
    }
    assertThat(ids.keySet()).containsExactlyElementsOf(numbers(1, 250));
    assertThat(ids.values()).doesNotHaveDuplicates();
  }

  @Test
  void ofTwoDispatchersThatOwnAShardOneGoesOn() {
    create("/ok");
    String conversation = UUID.randomUUID().toString();
    say(conversation, 1, 20);
    await().until(() -> texts("/ok").getOrDefault(conversation, List.of()).contains("20"));
    another();
    say(conversation, 21, 40);
    await().until(() -> texts("/ok").getOrDefault(conversation, List.of()).contains("40"));
    first.webhooks.disown(0).join();
    say(conversation, 41, 60);
    await().until(() -> texts("/ok").getOrDefault(conversation, List.of()).contains("60"));
    assertThat(texts("/ok").getOrDefault(conversation, List.of()).stream().distinct().toList())
        .containsExactlyElementsOf(numbers(1, 60));
  }

  @Test
  void anEndpointThatFailsForADayIsDisabledAndGoesOnWhenItIsEnabled() {
    server.manner("/down", "/status/502");
    String id = create("/down").getWebhook().getWebhookId();
    String conversation = UUID.randomUUID().toString();
    say(conversation, 1, 3);
    await().until(() -> get(first, id).hasFailure());
    for (int hours = 1; hours <= 25; hours++) {
      int tried = server.to("/down").size();
      ahead.set(Duration.ofHours(hours).plusMinutes(hours * 13L));
      await().until(
          () ->
              server.to("/down").size() > tried
                  || get(first, id).getState() == WebhookState.WEBHOOK_STATE_FAILED);
    }
    await().until(() -> get(first, id).getState() == WebhookState.WEBHOOK_STATE_FAILED);
    Webhook failed = get(first, id);
    assertThat(failed.getFailure().getReason()).isEqualTo("status 502");
    assertThat(failed.getFailure().getAttempts()).isGreaterThan(15);
    assertThat(failed.getFailure().hasNextAttemptTime()).isFalse();

    server.manner("/down", "/ok");
    int tried = server.to("/down").size();
    Answer.of(
        first.service::updateWebhook,
        UpdateWebhookRequest.newBuilder().setWebhookId(id).setState(WebhookState.WEBHOOK_STATE_ENABLED).build());
    await().until(() -> server.to("/down").size() == tried + 3);
    List<String> came = texts("/down").getOrDefault(conversation, List.of());
    assertThat(came.subList(tried, came.size())).isEqualTo(numbers(1, 3));
  }

  @Test
  void aReplayBringsADayAgain() {
    String id = create("/ok").getWebhook().getWebhookId();
    String conversation = UUID.randomUUID().toString();
    say(conversation, 1, 50);
    await().until(() -> server.to("/ok").size() == 50);
    Instant middle = clock.instant();
    await().until(() -> clock.instant().isAfter(middle.plusMillis(1)));
    say(conversation, 51, 60);
    await().until(() -> server.to("/ok").size() == 60);
    Answer.of(
        first.service::replayWebhook,
        ReplayWebhookRequest.newBuilder()
            .setWebhookId(id)
            .setAfter(Timestamps.of(middle))
            .build());
    await().until(() -> server.to("/ok").size() == 70);
    assertThat(texts("/ok").getOrDefault(conversation, List.of()).subList(60, 70)).isEqualTo(numbers(51, 60));
  }
}
