package dev.parley.cli.stack;

import static dev.parley.cli.stack.Deeds.get;
import static dev.parley.cli.stack.Deeds.sendMany;
import static dev.parley.cli.stack.Deeds.writer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.rpc.ErrorInfo;
import dev.parley.chassis.errors.Errors;
import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.pushlab.PushLabServer;
import dev.parley.pushlab.PushLabSettings;
import dev.parley.pushlab.phone.Phone;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyException;
import dev.parley.sdk.SessionOptions;
import dev.parley.sdk.SessionState;
import dev.parley.sdk.TokenSource;
import dev.parley.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import dev.parley.v1.DeviceReceipt;
import dev.parley.v1.DrainRouterRequest;
import dev.parley.v1.Durability;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.ExplainEventRequest;
import dev.parley.v1.ExplainEventResponse;
import dev.parley.v1.GetStatsRequest;
import dev.parley.v1.GetStatsResponse;
import dev.parley.v1.ListConversationsRequest;
import dev.parley.v1.ListPushDevicesRequest;
import dev.parley.v1.PushAttempt;
import dev.parley.v1.PushAttemptResult;
import dev.parley.v1.PushDevice;
import dev.parley.v1.Recipient;
import dev.parley.v1.RegisterPushDeviceRequest;
import dev.parley.v1.RevokeTokensRequest;
import dev.parley.v1.RouterStats;
import dev.parley.v1.UserWatch;
import dev.parley.v1.WatchPresenceRequest;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators can ask for, through the edge, two routers and a dispatcher. */
class AdminIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final SessionOptions PHONE = SessionOptions.forDevice("phone");
  private static final SessionOptions LAPTOP = SessionOptions.forDevice("laptop");

  @TempDir static Path data;
  private static PushLabServer lab;
  private static LiveStack parley;
  private static AdminServiceBlockingStub unlimited;

  @BeforeAll
  static void start() throws IOException {
    lab = new PushLabServer(new PushLabSettings(data.resolve("lab"), 0, 0, 0, 0, 100, 1), InstantSource.system());
    parley = LiveStack.withRoutersAndDispatchers(data, 2, 1);
    parley.startDispatcher(1, data.resolve("lab"));
    unlimited = parley.client(TokenSource.fixed(parley.operatorToken())).admin();
  }

  @AfterAll
  static void stop() throws Exception {
    parley.close();
    lab.close();
  }

  private static AdminServiceBlockingStub admin() {
    return unlimited.withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  private static TokenSource token(String user) {
    return TokenSource.fixed(parley.token(user, Duration.ofHours(1)));
  }

  private static String refusal(Runnable call) {
    StatusRuntimeException refused = catchThrowableOfType(StatusRuntimeException.class, call::run);
    ErrorInfo info = Errors.info(refused);
    return info == null ? String.valueOf(refused) : info.getReason();
  }

  @Test
  void aUserIsNoOperator() {
    AdminServiceBlockingStub user = parley.client("nosy").admin().withDeadlineAfter(20, TimeUnit.SECONDS);
    ExplainEventRequest explain =
        ExplainEventRequest.newBuilder().setConversationId(UUID.randomUUID().toString()).setSeq(1).build();

    assertThat(
            Stream.<Runnable>of(
                    () -> user.explainEvent(explain),
                    () -> user.revokeTokens(RevokeTokensRequest.newBuilder().setUserId("nosy").build()),
                    () -> user.drainRouter(DrainRouterRequest.newBuilder().setRouter("router-1").build()),
                    () -> user.getStats(GetStatsRequest.getDefaultInstance()))
                .map(AdminIT::refusal))
        .containsOnly("OPERATOR_ONLY");
  }

  // ------------------------------------------------------------------ revoke and drain

  @Test
  void aRevokedTokenIsRefusedByAllAndItsStreamsEndAlsoWhenARouterHasStartedAnew() throws Exception {
    TokenSource stolen = token("rev-ann");
    Device phone = parley.connectTo(1, stolen, PHONE);
    Device laptop = parley.connectTo(2, stolen, LAPTOP);
    Device other = parley.connectTo(2, "rev-ben", PHONE);
    CompletableFuture<String> watching = watch(parley.clientTo(2, stolen));

    admin().revokeTokens(RevokeTokensRequest.newBuilder().setUserId("rev-ann").build());
    TokenSource issuedJustAfter = token("rev-ann");

    for (Device device : List.of(phone, laptop)) {
      await().atMost(PATIENCE).untilAsserted(() -> assertThat(device.heard().states).contains(SessionState.CLOSED));
      assertThat(device.heard().errors)
          .extracting(ParleyException::reason)
          .contains(ErrorReason.ERROR_REASON_TOKEN_REVOKED);
    }
    assertThat(watching.get(20, TimeUnit.SECONDS)).isEqualTo("TOKEN_REVOKED");
    assertRevoked(stolen);
    assertThat(other.heard().states).doesNotContain(SessionState.CLOSED);
    other.session().close();
    Device newer = parley.connectTo(1, issuedJustAfter, PHONE);
    get(newer.session().createDirect("rev-ben"));

    assertThat(refusal(() -> drain("router-9"))).isEqualTo("NOT_FOUND");
    drain("router-2");
    assertThat(parley.awaitEnd(2)).isZero();
    await().atMost(PATIENCE).untilAsserted(
        () -> assertThat(stats().getRoutersList()).extracting(RouterStats::getRouter).containsExactly("router-1"));
    get(newer.session().sendText(get(newer.session().createDirect("rev-ben")), "still here"));
    parley.startRouter(2);
    assertRevoked(stolen);
    newer.session().close();
  }

  private static void drain(String router) {
    admin().drainRouter(DrainRouterRequest.newBuilder().setRouter(router).build());
  }

  private static void assertRevoked(TokenSource token) {
    for (int router : List.of(1, 2)) {
      ParleyClient client = parley.clientTo(router, token);
      await().atMost(PATIENCE).untilAsserted(
          () ->
              assertThat(
                      refusal(() -> client.blocking().listConversations(ListConversationsRequest.getDefaultInstance())))
                  .isEqualTo("TOKEN_REVOKED"));
    }
    ParleyClient client = parley.client(token);
    await().atMost(PATIENCE).untilAsserted(
        () ->
            assertThat(
                    refusal(
                        () ->
                            client
                                .push()
                                .withDeadlineAfter(20, TimeUnit.SECONDS)
                                .listPushDevices(ListPushDevicesRequest.getDefaultInstance())))
                .isEqualTo("TOKEN_REVOKED"));
  }

  /** Watches oneself until the stream ends; why it ended. */
  private static CompletableFuture<String> watch(ParleyClient client) {
    WatchPresenceRequest myself =
        WatchPresenceRequest.newBuilder().addUsers(UserWatch.newBuilder().setUserId("rev-ann")).build();
    CompletableFuture<String> began = new CompletableFuture<>();
    CompletableFuture<String> ended = new CompletableFuture<>();
    Thread.ofVirtual().start(
        () ->
            ended.complete(
                refusal(
                    () ->
                        client.presence().watchPresence(myself).forEachRemaining(told -> began.complete("began")))));
    assertThat(CompletableFuture.anyOf(began, ended).orTimeout(20, TimeUnit.SECONDS).join()).isEqualTo("began");
    return ended;
  }

  // ------------------------------------------------------------------ stats

  private static GetStatsResponse stats() {
    return admin().getStats(GetStatsRequest.getDefaultInstance());
  }

  @Test
  void allRoutersSayWhatTheyDo() throws Exception {
    Device here = parley.connectTo(1, "stats-ann", PHONE);

    await().atMost(PATIENCE).untilAsserted(() -> {
      GetStatsResponse stats = stats();
      assertThat(stats.getSilentRoutersList()).isEmpty();
      assertThat(stats.getShards()).isEqualTo(16);
      assertThat(stats.getRoutersList()).extracting(RouterStats::getRouter).containsExactly("router-1", "router-2");
      assertThat(stats.getRoutersList().stream().flatMap(router -> router.getOwnedShardsList().stream()))
          .as("each shard has one owner")
          .hasSize(16)
          .doesNotHaveDuplicates();
      assertThat(stats.getRouters(0).getSessions()).isPositive();
      assertThat(stats.getRoutersList()).allSatisfy(router -> {
        assertThat(router.getDraining()).isFalse();
        assertThat(router.getVersion()).matches("\\d.*");
        assertThat(router.getDurability()).isNotEqualTo(Durability.DURABILITY_UNSPECIFIED);
        assertThat(router.getStartTime().getSeconds()).isBetween(1L, router.getTime().getSeconds());
      });
    });
    here.session().close();
  }

  // ------------------------------------------------------------------ explain

  @Test
  void whatBecameOfAMessageIsToldForEachWhoMayReadIt() throws Exception {
    Phone phone = lab.newFcmPhone("ex-carol");
    try (ParleyClient carol = parley.client("ex-carol")) {
      carol
          .push()
          .withDeadlineAfter(20, TimeUnit.SECONDS)
          .registerPushDevice(
              RegisterPushDeviceRequest.newBuilder()
                  .setDevice(PushDevice.newBuilder().setDeviceId("android").setTarget(phone.target()))
                  .build());
    }
    Device ann = parley.connectTo(1, "ex-ann", writer());
    Device bob = parley.connectTo(2, "ex-bob", LAPTOP);
    String id = get(ann.session().createGroup("plans", List.of("ex-bob", "ex-carol", "ex-dave")));
    long seq = get(ann.session().sendText(id, "a secret")).getCursor().getSeq();
    get(ann.session().removeMember(id, "ex-dave"));
    bob.heard().awaitSeq(id, seq);

    ExplainEventResponse pushed = explained(id, seq, "ex-carol", PushAttemptResult.PUSH_ATTEMPT_RESULT_ACCEPTED);
    assertThat(phone.received()).hasSize(1);
    assertThat(pushed.getEvent().getSenderId()).isEqualTo("ex-ann");
    assertThat(pushed.getEvent().getBodyCase()).isEqualTo(Event.BodyCase.BODY_NOT_SET);
    assertThat(pushed.toString()).doesNotContain("secret");
    assertThat(pushed.getKind()).isEqualTo("message");
    assertThat(pushed.getPosition()).isPositive();
    assertThat(pushed.getRouter()).startsWith("router-");
    assertThat(pushed.getHeadSeq()).isEqualTo(seq + 1);
    assertThat(pushed.getRoutersAnswered()).isPositive();
    assertThat(pushed.getMorePushes()).isFalse();
    assertThat(pushed.getRecipientsList())
        .extracting(Recipient::getUserId)
        .containsExactly("ex-ann", "ex-bob", "ex-carol", "ex-dave");
    assertThat(pushed.getRecipientsList()).extracting(Recipient::getMember).containsExactly(true, true, true, false);
    assertThat(of(pushed, "ex-carol").getRead()).isFalse();

    await().atMost(PATIENCE).untilAsserted(
        () ->
            assertThat(of(explain(id, seq, ""), "ex-bob").getDevicesList())
                .extracting(DeviceReceipt::getDeviceId)
                .containsExactly("laptop"));
    Device carol = parley.connectTo(1, "ex-carol", PHONE);
    carol.session().markRead(id, seq);
    ExplainEventResponse read = explained(id, seq, "ex-carol", PushAttemptResult.PUSH_ATTEMPT_RESULT_WITHDRAWN);
    assertThat(of(read, "ex-carol").getRead()).isTrue();
    assertThat(of(read, "ex-carol").getPushesList())
        .extracting(PushAttempt::getResult)
        .containsExactly(
            PushAttemptResult.PUSH_ATTEMPT_RESULT_ACCEPTED, PushAttemptResult.PUSH_ATTEMPT_RESULT_WITHDRAWN);
    assertThat(explain(id, seq, "ex-bob").getRecipientsList())
        .extracting(Recipient::getUserId)
        .containsExactly("ex-bob");

    long last = get(ann.session().sendText(id, "x")).getCursor().getSeq();
    sendMany(ann, id, 200);
    assertThat(explain(id, 1, "").getKind()).isEqualTo("created");
    assertThat(explain(id, seq, "").getPosition()).as("from the log").isEqualTo(pushed.getPosition());
    assertThat(refusal(() -> explain(id, last + 1_000, ""))).isEqualTo("EVENT_NOT_FOUND");
    assertThat(refusal(() -> explain(UUID.randomUUID().toString(), 1, ""))).isEqualTo("CONVERSATION_NOT_FOUND");
    assertThat(refusal(() -> explain("no id", 1, ""))).isEqualTo("INVALID_FIELD");
    Stream.of(ann, bob, carol).forEach(device -> device.session().close());
  }

  @Test
  void ofALargeGroupTheFirstHundredAreTold() throws Exception {
    Device ann = parley.connectTo(1, "many-ann", PHONE);
    List<String> others = IntStream.range(0, 150).mapToObj(i -> "many-user-" + i).toList();
    String id = get(ann.session().createGroup("all", others));

    ExplainEventResponse answer = explain(id, 1, "");
    assertThat(answer.getRecipientsList()).hasSize(100);
    assertThat(answer.getMoreRecipients()).isTrue();
    assertThat(explain(id, 1, "many-user-99").getRecipientsList()).hasSize(1);
    ann.session().close();
  }

  private static ExplainEventResponse explain(String id, long seq, String user) {
    return admin()
        .explainEvent(
            ExplainEventRequest.newBuilder().setConversationId(id).setSeq(seq).setUserId(user).build());
  }

  /** The explanation of all routers when the last thing that is told of a user's pushes is this one. */
  private static ExplainEventResponse explained(String id, long seq, String user, PushAttemptResult last) {
    return await()
        .atMost(PATIENCE)
        .until(
            () -> explain(id, seq, ""),
            answer -> {
              List<PushAttempt> pushes = of(answer, user).getPushesList();
              return answer.getRoutersAnswered() == answer.getRoutersAsked()
                  && !pushes.isEmpty()
                  && pushes.getLast().getResult() == last;
            });
  }

  private static Recipient of(ExplainEventResponse answer, String user) {
    return answer.getRecipientsList().stream()
        .filter(recipient -> recipient.getUserId().equals(user))
        .findAny()
        .orElseThrow();
  }
}
