package dev.parley.pushlab;

import static dev.parley.pushlab.LabDispatcher.alert;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.util.JsonFormat;
import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.push.PushProvider.Answer;
import dev.parley.pushlab.phone.Feed;
import dev.parley.pushlab.phone.Kind;
import dev.parley.pushlab.phone.Phone;
import dev.parley.pushlab.phone.Received;
import dev.parley.v1.PushTarget;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The lab itself: its page, its feed, faults over HTTP, and what outlives a restart. */
class PushLabIT {
  private static final String CONVERSATION = "0d8c6a52-1f2e-8d3b-9a70-3f0c2f1c1f11";

  @TempDir
  private Path directory;

  private final HttpClient http = HttpClient.newHttpClient();
  private PushLabServer lab;

  @BeforeEach
  void start() throws IOException {
    lab = new PushLabServer(new PushLabSettings(directory, 0, 0, 0, 0, 3, 1), InstantSource.system());
  }

  @AfterEach
  void stop() {
    lab.close();
    http.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"fcm", "apns", "web_push"})
  void aPhoneMadeOverHttpIsReachedByItsTarget(String provider) throws Exception {
    HttpResponse<String> made = post("/phones", "{\"provider\":\"" + provider + "\",\"name\":\"Ann's <phone>\"}");
    assertThat(made.statusCode()).isEqualTo(201);
    PushTarget.Builder target = PushTarget.newBuilder();
    JsonFormat.parser().merge(made.body(), target);
    try (LabDispatcher dispatcher = new LabDispatcher(lab.dispatcherSettings(), Map.of())) {
      assertThat(
              dispatcher.send(
                  LabDispatcher.push(
                      target.build(), CONVERSATION, 1, new Push.Alert("Ann", "hello"))))
          .isEqualTo(new Answer.Accepted());
    }
    assertThat(get("/phones").body())
        .contains("\"name\":\"Ann's <phone>\"", "\"title\":\"Ann\"", "\"body\":\"hello\"", "\"badge\":7");
    assertThat(get("/phones/00001/pushes").body()).contains("\"conversation_id\":\"" + CONVERSATION + "\"");
  }

  @Test
  void thePageNeedsNothingFromElsewhere() throws Exception {
    HttpResponse<String> page = get("/");
    assertThat(page.headers().firstValue("content-type")).hasValue("text/html; charset=utf-8");
    assertThat(page.body()).contains("<html lang=\"en\">").doesNotContain("http://", "https://", "src=");
  }

  @Test
  void theFeedTellsEachPushAsItComes() throws Exception {
    Phone phone = lab.newFcmPhone("Ann's phone");
    HttpResponse<InputStream> feed =
        http.send(HttpRequest.newBuilder(uri("/events")).build(), BodyHandlers.ofInputStream());
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(feed.body(), StandardCharsets.UTF_8))) {
      assertThat(lines.readLine()).startsWith(":");
      deliver(phone, 1);
      String line = lines.readLine();
      while (!line.startsWith("data: ")) {
        line = lines.readLine();
      }
      assertThat(JSONObjectUtils.parse(line.substring("data: ".length())))
          .containsEntry("phone", "Ann's phone")
          .containsEntry("provider", "fcm")
          .containsEntry("title", "title 1")
          .containsEntry("withdraw", false)
          .containsKeys("time", "conversation_id", "body", "badge");
    }
  }

  @Test
  void aListenerHearsOfThePhonesAloneWhoseNamesBeginAsItAsked() throws Exception {
    Phone ann = lab.newFcmPhone("ann");
    Phone bob = lab.newApnsPhone("bob");
    try (Feed.Listener listener = lab.phones().feed().listen("bo")) {
      deliver(ann, 1);
      deliver(bob, 2);
      assertThat(listener.next(0)).contains("\"phone\":\"bob\"");
      assertThat(listener.next(0)).isNull();
    }
    assertThat(get("/phones?phone=bo").body()).contains("\"bob\"").doesNotContain("\"ann\"");
    assertThat(get("/phones?name=bo").statusCode()).isEqualTo(400);
  }

  @Test
  void whatCameIsCountedByService() throws Exception {
    deliver(lab.newFcmPhone("ann"), 1);
    Phone bob = lab.newApnsPhone("bob");
    deliver(bob, 1);
    deliver(bob, 2);
    assertThat(get("/stats").body()).isEqualTo("{\"fcm\":1,\"apns\":2,\"web_push\":0}");
  }

  @Test
  void allPhonesTogetherForgetTheOldestPushes() throws Exception {
    Phone first = lab.newFcmPhone("first");
    deliver(first, 1);
    List<Phone> others = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      Phone other = lab.newFcmPhone("other");
      others.add(other);
      deliver(other, 1);
      deliver(other, 2);
    }
    assertThat(first.received()).isEmpty();
    assertThat(first.shown()).hasSize(1);
    assertThat(others.getFirst().received()).hasSize(2);
  }

  @Test
  void aListenerThatIsTooSlowIsDroppedAndNobodyWaitsForIt() throws Exception {
    Phone phone = lab.newFcmPhone("p");
    try (Feed.Listener slow = lab.phones().feed().listen("")) {
      for (int i = 0; i < 5_000; i++) {
        deliver(phone, i);
      }
      assertThat(slow.isSlow()).isTrue();
      assertThat(phone.count()).isEqualTo(5_000);
    }
  }

  @Test
  void aPhoneRemembersItsNewestPushes() throws Exception {
    Phone phone = lab.newFcmPhone("p");
    for (int i = 1; i <= 5; i++) {
      deliver(phone, i);
    }
    assertThat(phone.received()).extracting(Received::seq).containsExactly(3L, 4L, 5L);
  }

  @Test
  void faultsAreMadeAndEndedOverHttp() throws Exception {
    Phone phone = lab.newFcmPhone("p");
    try (LabDispatcher dispatcher = new LabDispatcher(lab.dispatcherSettings(), Map.of())) {
      post("/faults", "{\"provider\":\"fcm\",\"kind\":\"status\",\"status\":429,\"retry_after_seconds\":5}");
      assertThat(dispatcher.send(alert(phone, CONVERSATION, 1, "x"))).isInstanceOf(Answer.TryAgain.class);
      assertThat(dispatcher.send(alert(phone, CONVERSATION, 1, "x"))).isInstanceOf(Answer.TryAgain.class);
      assertThat(post("/faults", "{\"provider\":\"fcm\",\"kind\":\"none\"}").statusCode()).isEqualTo(204);
      assertThat(dispatcher.send(alert(phone, CONVERSATION, 1, "x"))).isEqualTo(new Answer.Accepted());
      post("/faults", "{\"kind\":\"unregister\",\"phone\":\"" + phone.id() + "\"}");
      assertThat(dispatcher.send(alert(phone, CONVERSATION, 1, "x"))).isInstanceOf(Answer.DeviceGone.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}", "[]", "{", "{\"provider\":\"sms\",\"kind\":\"none\"}", "{\"provider\":\"fcm\",\"kind\":\"explode\"}",
        "{\"provider\":\"fcm\",\"kind\":\"status\",\"status\":200}", "{\"provider\":\"fcm\",\"kind\":\"refuse\",\"count\":3}"
      })
  void aFaultThatIsNoneIsRefusedWithAReason(String body) throws Exception {
    HttpResponse<String> answer = post("/faults", body);
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("\"error\":");
  }

  @Test
  void pagesOfOtherSitesCanUseNothing() throws Exception {
    HttpResponse<String> form =
        http.send(
            HttpRequest.newBuilder(uri("/phones"))
                .header("Content-Type", "text/plain")
                .POST(HttpRequest.BodyPublishers.ofString("{\"provider\":\"fcm\",\"name\":\"x\"}"))
                .build(),
            BodyHandlers.ofString());
    assertThat(form.statusCode()).isEqualTo(415);
    try (Socket socket = new Socket("127.0.0.1", uri("/").getPort())) {
      socket.getOutputStream().write("GET /phones HTTP/1.1\r\nHost: example.org\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII)).readLine())
          .contains("403");
    }
    assertThat(lab.phones().all()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void tokensOutliveARestart(Kind kind) throws Exception {
    Phone stays = lab.phones().create(kind, "stays");
    Phone gone = lab.phones().create(kind, "gone");
    lab.phones().unregister(gone);
    // The addresses of browsers name the port.
    int web = URI.create(lab.newBrowser("b").target().getWebPush().getEndpoint()).getPort();
    lab.close();
    lab = new PushLabServer(new PushLabSettings(directory, 0, 0, 0, web, 3, 1), InstantSource.system());
    Phone again = Objects.requireNonNull(lab.phones().get(stays.id()));
    assertThat(again.target()).isEqualTo(stays.target());
    try (LabDispatcher dispatcher = new LabDispatcher(lab.dispatcherSettings(), Map.of())) {
      assertThat(dispatcher.send(alert(stays, CONVERSATION, 1, "x"))).isEqualTo(new Answer.Accepted());
      assertThat(dispatcher.send(alert(gone, CONVERSATION, 1, "x"))).isInstanceOf(Answer.DeviceGone.class);
    }
    assertThat(again.shown()).hasSize(1);
  }

  @Test
  void aDispatcherSurvivesARestartOfTheLab() throws Exception {
    Phone phone = lab.newFcmPhone("p");
    int fcm = URI.create(lab.dispatcherSettings().get("parley.dispatcher.push.fcm.base")).getPort();
    try (LabDispatcher dispatcher = new LabDispatcher(lab.dispatcherSettings(), Map.of())) {
      assertThat(dispatcher.send(alert(phone, CONVERSATION, 1, "x"))).isEqualTo(new Answer.Accepted());
      lab.close();
      lab = new PushLabServer(new PushLabSettings(directory, 0, fcm, 0, 0, 3, 1), InstantSource.system());
      // Its certificate and its phones are the same; the access token is not, and is renewed.
      await()
          .ignoreExceptions()
          .until(() -> dispatcher.send(alert(phone, CONVERSATION, 2, "x")), new Answer.Accepted()::equals);
    }
  }

  @Test
  void keysAreReadableByTheirOwnerOnly() throws Exception {
    for (String file : List.of("fcm-service-account.json", "apns-key.p8", "vapid.jwk", "google.jwk", "apple.jwk", "phones.jsonl")) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(file))))
          .isEqualTo("rw-------");
    }
    assertThat(Files.readString(directory.resolve("dispatcher.properties"))).contains("parley.dispatcher.push.web.key");
  }

  private void deliver(Phone phone, int seq) {
    lab.phones()
        .deliver(
            phone, new Received(Instant.now(), "id", "c", CONVERSATION, seq, "title " + seq, "body", 1, false));
  }

  private URI uri(String path) {
    return URI.create(lab.address() + path);
  }

  private HttpResponse<String> get(String path) throws Exception {
    return http.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String path, String json) throws Exception {
    return http.send(
        HttpRequest.newBuilder(uri(path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json))
            .build(),
        BodyHandlers.ofString());
  }
}
