package dev.parley.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import dev.parley.chassis.errors.Errors;
import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.pushlab.PushLabServer;
import dev.parley.pushlab.PushLabSettings;
import dev.parley.pushlab.http.Fault;
import dev.parley.pushlab.phone.Kind;
import dev.parley.pushlab.phone.Phone;
import dev.parley.pushlab.phone.Received;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.TokenSource;
import dev.parley.v1.DeadLetter;
import dev.parley.v1.FcmTarget;
import dev.parley.v1.GetDeadLetterRequest;
import dev.parley.v1.ListDeadLettersRequest;
import dev.parley.v1.ListPushDevicesRequest;
import dev.parley.v1.PushDevice;
import dev.parley.v1.PushPreferences;
import dev.parley.v1.PushServiceGrpc.PushServiceBlockingStub;
import dev.parley.v1.PushTarget;
import dev.parley.v1.QuietHours;
import dev.parley.v1.RedriveDeadLettersRequest;
import dev.parley.v1.RegisterPushDeviceRequest;
import dev.parley.v1.RemovePushDeviceRequest;
import dev.parley.v1.SetPushPreferencesRequest;
import dev.parley.v1.WebPushTarget;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Phones, through the edge, a router, two dispatchers, a real nats-server and servers that stand in for the makers. */
class DispatcherIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String HASTY = "--parley.dispatcher.times.patience=8s";

  @TempDir
  static Path data;

  private static LiveStack stack;
  private static PushLabServer lab;

  @BeforeAll
  static void start() throws IOException {
    lab = new PushLabServer(new PushLabSettings(data.resolve("lab"), 0, 0, 0, 0, 100, 1), InstantSource.system());
    stack = LiveStack.withDispatchers(data, 2);
    startDispatcher(1);
    startDispatcher(2);
  }

  @AfterAll
  static void stop() throws Exception {
    stack.close();
    lab.close();
  }

  private static void startDispatcher(int number) throws IOException {
    stack.startDispatcher(number, data.resolve("lab"), HASTY);
  }

  private static PushServiceBlockingStub push(ParleyClient client) {
    return client.push().withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  private static Phone phone(String user, Kind kind, String device) throws IOException {
    Phone phone =
        switch (kind) {
          case FCM -> lab.newFcmPhone(user);
          case APNS -> lab.newApnsPhone(user);
          case WEB_PUSH -> lab.newBrowser(user);
        };
    try (ParleyClient client = stack.client(user)) {
      push(client).registerPushDevice(request(device, phone.target()));
    }
    return phone;
  }

  private static RegisterPushDeviceRequest request(String device, PushTarget target) {
    return RegisterPushDeviceRequest.newBuilder()
        .setDevice(PushDevice.newBuilder().setDeviceId(device).setTarget(target))
        .build();
  }

  private static List<String> shown(Phone phone) {
    return phone.shown().stream().map(push -> push.title() + ": " + push.body()).toList();
  }

  private static List<DeadLetter> deadLetters() {
    try (ParleyClient operator = stack.client(TokenSource.fixed(stack.operatorToken()))) {
      return push(operator).listDeadLetters(ListDeadLettersRequest.getDefaultInstance()).getDeadLettersList();
    }
  }

  @Test
  void everyPhoneOfWhoIsAwayShowsTheMessageUntilItIsRead() throws Exception {
    List<Phone> phones =
        List.of(
            phone("away", Kind.FCM, "android"), phone("away", Kind.APNS, "iphone"), phone("away", Kind.WEB_PUSH, "web"));
    Device ann = stack.connect("ann", "laptop");
    String conversation = ann.session().createDirect("away").join();
    long seq = ann.session().sendText(conversation, "hello").join().getCursor().getSeq();

    for (Phone phone : phones) {
      await().atMost(PATIENCE).untilAsserted(() -> assertThat(shown(phone)).containsExactly("ann: hello"));
      assertThat(phone.badge()).isEqualTo(1);
    }
    Device away = stack.connect("away", "desktop");
    away.session().markRead(conversation, seq);
    for (Phone phone : phones) {
      await().atMost(PATIENCE).untilAsserted(() -> assertThat(phone.shown()).isEmpty());
      assertThat(phone.badge()).isZero();
      assertThat(phone.received()).as("one that shows it, one that takes it away").hasSize(2);
    }
  }

  @Test
  void whateverDiesEveryMessageIsToldOnceOrAgainUnderItsIdAndNobodyWhoHasIt() throws Exception {
    int users = 200;
    Map<String, Phone> phones = new TreeMap<>();
    List<Phone> connected = new ArrayList<>();
    for (int i = 0; i < users; i++) {
      String user = "user-" + i;
      phones.put(user, phone(user, i % 2 == 0 ? Kind.FCM : Kind.APNS, "phone"));
      if (i % 20 == 0) {
        stack.connect(user, "phone");
        connected.add(phones.get(user));
      }
    }
    Device sender = stack.connect("sender", "laptop");
    AtomicBoolean calm = new AtomicBoolean();
    Thread faults = Thread.ofVirtual().start(() -> makeFaults(calm));
    for (int i = 0; i < users; i++) {
      String conversation = sender.session().createDirect("user-" + i).get(60, TimeUnit.SECONDS);
      sender.session().sendText(conversation, "for user-" + i).get(60, TimeUnit.SECONDS);
    }
    calm.set(true);
    faults.join();

    for (Phone phone : phones.values()) {
      if (!connected.contains(phone)) {
        await().atMost(PATIENCE).untilAsserted(
            () -> assertThat(shown(phone)).as(phone.name()).containsExactly("sender: for " + phone.name()));
        assertThat(phone.received()).extracting(Received::id).containsOnly(phone.received().getFirst().id());
      }
    }
    assertThat(connected).allSatisfy(phone -> assertThat(phone.received()).as(phone.name()).isEmpty());
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(deadLetters()).isEmpty());
  }

  /** One fault after the other until it is to be calm; then everything works. */
  private static void makeFaults(AtomicBoolean calm) {
    try {
      while (!calm.get()) {
        int dispatcher = 1 + ThreadLocalRandom.current().nextInt(2);
        stack.killDispatcher(dispatcher);
        lab.fail(Kind.FCM, Fault.status(503, 20));
        startDispatcher(dispatcher);
        lab.fail(Kind.APNS, new Fault(Fault.Kind.SILENCE, 0, null, 0, Duration.ZERO, 5));
        stack.crashBroker();
        stack.dispatcher(3 - dispatcher).pause();
        lab.fail(Kind.FCM, new Fault(Fault.Kind.REFUSE, 0, null, 0, Duration.ZERO, 0));
        stack.dispatcher(3 - dispatcher).resume();
        lab.fail(Kind.FCM, null);
        lab.fail(Kind.APNS, null);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aDeadLetterIsListedAndTriedAgainWhenAnOperatorSaysSo() throws Exception {
    Phone phone = phone("unlucky", Kind.FCM, "phone");
    lab.fail(Kind.FCM, Fault.reason(403, "THIRD_PARTY_AUTH_ERROR", 1));
    Device ann = stack.connect("ann-2", "laptop");
    ann.session().sendText(ann.session().createDirect("unlucky").join(), "hello").join();

    await().atMost(PATIENCE).untilAsserted(() -> assertThat(deadLetters()).extracting(DeadLetter::getUserId).contains("unlucky"));
    assertThat(phone.received()).isEmpty();
    DeadLetter letter = deadLetters().stream().filter(one -> one.getUserId().equals("unlucky")).findAny().orElseThrow();
    try (ParleyClient operator = stack.client(TokenSource.fixed(stack.operatorToken()))) {
      GetDeadLetterRequest.Builder asked = GetDeadLetterRequest.newBuilder();
      assertThat(
              push(operator).getDeadLetter(asked.setDeadLetterId(letter.getDeadLetterId()).build()).getDeadLetter())
          .isEqualTo(letter);
      assertThat(refusal(() -> push(operator).getDeadLetter(asked.setDeadLetterId("another").build())))
          .isEqualTo("NOT_FOUND");
      push(operator)
          .redriveDeadLetters(
              RedriveDeadLettersRequest.newBuilder().addDeadLetterIds(letter.getDeadLetterId()).build());
    }
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(phone.received()).hasSize(1));
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(deadLetters()).doesNotContain(letter));
  }

  @Test
  void aPhoneThatChangesHandsShowsNothingOfItsUserBefore() throws Exception {
    Phone phone = phone("before", Kind.FCM, "phone");
    try (ParleyClient after = stack.client("after")) {
      push(after).registerPushDevice(request("phone", phone.target()));
    }
    try (ParleyClient before = stack.client("before")) {
      await().atMost(PATIENCE).untilAsserted(
          () -> assertThat(push(before).listPushDevices(ListPushDevicesRequest.getDefaultInstance()).getDevicesList())
              .isEmpty());
    }
    Device ann = stack.connect("ann-3", "laptop");
    ann.session().sendText(ann.session().createDirect("before").join(), "secret").join();
    ann.session().sendText(ann.session().createDirect("after").join(), "hello").join();

    await().atMost(PATIENCE).untilAsserted(() -> assertThat(shown(phone)).containsExactly("ann-3: hello"));
  }

  @Test
  void badDevicesAndPreferencesAreRefusedAndOnlyOperatorsSeeDeadLetters() {
    try (ParleyClient client = stack.client("clumsy")) {
      PushServiceBlockingStub push = push(client);
      assertThat(refusal(() -> push.registerPushDevice(request("d", PushTarget.getDefaultInstance()))))
          .isEqualTo("INVALID_FIELD");
      assertThat(refusal(() -> push.registerPushDevice(request("d", fcm("spaces are no token")))))
          .isEqualTo("INVALID_FIELD");
      assertThat(refusal(() -> push.registerPushDevice(request("d", fcm("x".repeat(5_000)))))).isEqualTo("INVALID_FIELD");
      WebPushTarget plain =
          WebPushTarget.newBuilder()
              .setEndpoint("http://127.0.0.1/push")
              .setP256Dh(ByteString.copyFrom(new byte[65]))
              .setAuth(ByteString.copyFrom(new byte[16]))
              .build();
      assertThat(
              refusal(() -> push.registerPushDevice(request("d", PushTarget.newBuilder().setWebPush(plain).build()))))
          .isEqualTo("INVALID_FIELD");
      for (int i = 0; i < 20; i++) {
        push.registerPushDevice(request("d" + i, fcm("token-" + i)));
      }
      assertThat(refusal(() -> push.registerPushDevice(request("d20", fcm("token-20"))))).isEqualTo("LIMIT_EXCEEDED");
      push.removePushDevice(RemovePushDeviceRequest.newBuilder().setDeviceId("d0").build());
      push.registerPushDevice(request("d20", fcm("token-20")));
      PushPreferences nowhere =
          PushPreferences.newBuilder().setQuietHours(QuietHours.newBuilder().setTimeZone("Mars/Olympus")).build();
      assertThat(
              refusal(
                  () ->
                      push.setPushPreferences(
                          SetPushPreferencesRequest.newBuilder().setPreferences(nowhere).build())))
          .isEqualTo("INVALID_FIELD");
      assertThat(refusal(() -> push.listDeadLetters(ListDeadLettersRequest.getDefaultInstance())))
          .isEqualTo("OPERATOR_ONLY");
    }
  }

  private static PushTarget fcm(String token) {
    return PushTarget.newBuilder().setFcm(FcmTarget.newBuilder().setToken(token)).build();
  }

  private static String refusal(Runnable call) {
    StatusRuntimeException refused = catchThrowableOfType(StatusRuntimeException.class, call::run);
    ErrorInfo info = Errors.info(refused);
    return info == null ? String.valueOf(refused) : info.getReason();
  }
}
