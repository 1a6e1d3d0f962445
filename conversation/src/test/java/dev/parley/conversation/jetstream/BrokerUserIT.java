package dev.parley.conversation.jetstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.parts.NatsServer;
import dev.parley.parts.Parts;
import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the broker lets each of our processes do. */
class BrokerUserIT {
  private static final Layout LAYOUT = new Layout(2, 64, 1);
  private static final long ROOM = 16L << 20;
  private static final byte[] BYTES = "text".getBytes(StandardCharsets.UTF_8);

  @TempDir Path directory;
  private NatsServer server;

  @BeforeEach
  void start() {
    List<NatsServer.User> users =
        Stream.of(BrokerUser.values())
            .map(
                user ->
                    new NatsServer.User(
                        user.login(), user.login(), new NatsServer.Limits(user.publish(), user.subscribe())))
            .toList();
    server =
        NatsServer.start(
            new NatsServer.Settings(Parts.atHome(System.err::println).natsServer(), directory).withUsers(users));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private JetStreamSettings settings(BrokerUser user) {
    return new JetStreamSettings(server.url())
        .withLayout(LAYOUT, ROOM)
        .withTimeouts(Duration.ofSeconds(1), Duration.ofSeconds(1))
        .withLogin(user.login(), user.login());
  }

  @Test
  void aDispatcherWaitsForTheStreamsThatOnlyARouterMakes() throws Exception {
    CompletableFuture<Broker> joined =
        CompletableFuture.supplyAsync(() -> JetStreamBroker.join(settings(BrokerUser.DISPATCHER)));

    try (Broker router = JetStreamBroker.open(settings(BrokerUser.ROUTER));
        Broker dispatcher = get(joined)) {
      assertThat(get(router.shard(0).append("c", BYTES, 0))).isEqualTo(1);
      assertThat(get(dispatcher.shard(0).tail()).position()).isEqualTo(1);
      assertThat(get(dispatcher.dispatch().append(0, BYTES, 0))).isEqualTo(1);
      assertThat(get(dispatcher.table(TableName.PUSH_USERS).put("ann", BYTES, 0))).isEqualTo(1);
    }
  }

  @Test
  void aDispatcherCannotChangeWhatWasSaid() throws Exception {
    try (Broker router = JetStreamBroker.open(settings(BrokerUser.ROUTER));
        Broker dispatcher = JetStreamBroker.join(settings(BrokerUser.DISPATCHER))) {
      assertThat(get(router.shard(0).append("c", BYTES, 0))).isEqualTo(1);
      assertThat(get(router.shard(0).append("c", BYTES, 1))).isEqualTo(2);

      assertUnanswered(dispatcher.shard(0).append("c", BYTES, 2));
      assertUnanswered(dispatcher.shard(0).replace(1, BYTES));
      assertUnanswered(dispatcher.shard(0).trim(2));
      assertUnanswered(dispatcher.marks().append(0, BYTES));
      assertUnanswered(dispatcher.table(TableName.REVOCATIONS).put("ann", BYTES, 0));

      assertThat(get(router.shard(0).tail()).position()).isEqualTo(2);
      assertThat(get(router.shard(0).read(new long[] {1})).getFirst().bytes()).isEqualTo(BYTES);
      assertThat(get(router.table(TableName.REVOCATIONS).get("ann"))).isNull();
      assertThat(get(router.marks().append(0, BYTES))).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "chat.0.c",
        "cut.0.1",
        "marks.0",
        "user.ann",
        "$KV.routers.router-1",
        "$JS.API.STREAM.CREATE.other",
        "$JS.API.STREAM.UPDATE.shard-0",
        "$JS.API.STREAM.DELETE.shard-0",
        "$JS.API.STREAM.PURGE.shard-0",
        "$JS.API.STREAM.MSG.DELETE.shard-0",
        "$JS.API.STREAM.RESTORE.shard-0",
        "_INBOX.of.a.router"
      })
  void theBrokerRefusesADispatcher(String subject) throws Exception {
    assertThat(refusal(BrokerUser.DISPATCHER, subject)).containsIgnoringCase("permissions violation for publish to \"" + subject);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dispatch.0",
        "$KV.webhooks.w",
        "$JS.API.STREAM.UPDATE.shard-0",
        "$JS.API.STREAM.DELETE.shard-0",
        "$JS.API.STREAM.PURGE.shard-0",
        "$JS.API.STREAM.SNAPSHOT.shard-0"
      })
  void theBrokerRefusesARouter(String subject) throws Exception {
    assertThat(refusal(BrokerUser.ROUTER, subject)).containsIgnoringCase("permissions violation for publish to \"" + subject);
  }

  /** What the broker says when this user publishes there. */
  private String refusal(BrokerUser user, String subject) throws Exception {
    BlockingQueue<String> errors = new LinkedBlockingQueue<>();
    ErrorListener listener =
        new ErrorListener() {
          @Override
          public void errorOccurred(Connection connection, String error) {
            errors.add(error);
          }
        };
    Options options =
        Options.builder()
            .server(server.url())
            .userInfo(user.login(), user.login())
            .errorListener(listener)
            .build();
    try (Connection connection = Nats.connect(options)) {
      connection.publish(subject, BYTES);
      connection.flush(Duration.ofSeconds(10));
      String error = errors.poll(10, TimeUnit.SECONDS);
      return error == null ? "nothing" : error;
    }
  }

  /** The broker drops what it does not permit, so that no answer comes. */
  private static void assertUnanswered(CompletableFuture<?> request) {
    assertThatThrownBy(() -> request.get(10, TimeUnit.SECONDS))
        .cause()
        .isInstanceOfSatisfying(LogException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNKNOWN));
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(30, TimeUnit.SECONDS);
  }
}
