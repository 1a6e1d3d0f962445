package dev.parley.cli.stack;

import static dev.parley.cli.stack.BrowserSocket.BINARY;
import static dev.parley.cli.stack.BrowserSocket.JSON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.chassis.config.Settings;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.cli.stack.BrowserSocket.Closed;
import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.gateway.GatewayServer;
import dev.parley.gateway.GatewaySettings;
import dev.parley.sdk.ClientEventIds;
import dev.parley.sdk.SessionOptions;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.ConversationCursor;
import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import dev.parley.v1.RefreshToken;
import dev.parley.v1.ServerFrame;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What browsers' programs meet at a gateway: through the edge, and at gateways with limits of their own. */
class GatewayIT {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final ClientEventIds IDS = new ClientEventIds(System::currentTimeMillis);
  private static final AtomicInteger USERS = new AtomicInteger();

  @TempDir
  static Path data;

  private static LiveStack stack;
  private static HttpClient http;

  @BeforeAll
  static void start() throws Exception {
    stack = LiveStack.withGateway(data, 2);
    http = HttpClient.newBuilder().sslContext(trusting(stack.authority())).build();
    await().atMost(PATIENCE).until(() -> status("/") == 200);
  }

  @AfterAll
  static void stop() throws Exception {
    http.shutdownNow();
    stack.close();
  }

  static SSLContext trusting(Path authority) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream in = Files.newInputStream(authority)) {
      store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private static int status(String path) throws Exception {
    return http.send(
            HttpRequest.newBuilder(URI.create(stack.edgeUrl() + path)).build(), HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  private static String user(String name) {
    return name + "-" + USERS.incrementAndGet();
  }

  private static String token(String user) {
    return stack.token(user, Duration.ofHours(1));
  }

  private static String edgeSocket() {
    return stack.edgeUrl().replace("https", "wss") + "/ws";
  }

  private static BrowserSocket browser(String user, String format, ConversationCursor... cursors) {
    return BrowserSocket.open(http, edgeSocket(), format, token(user)).begin("browser", cursors);
  }

  /** A gateway of this JVM with settings of its own, over the same routers. */
  private static GatewayServer gateway(String... more) throws IOException {
    List<String> settings = new ArrayList<>();
    settings.add("--parley.gateway.listen=127.0.0.1:0");
    settings.add("--parley.gateway.routers=" + String.join(",", stack.routerAddresses()));
    settings.add("--parley.gateway.connections=1");
    settings.addAll(List.of(more));
    GatewayServer gateway = new GatewayServer(Settings.load(GatewaySettings.class, Map.of(), settings), Telemetry.none());
    await().atMost(PATIENCE).until(() -> GatewayProcess.isReady("127.0.0.1:" + gateway.port()));
    return gateway;
  }

  private static String socketOf(GatewayServer gateway) {
    return "ws://127.0.0.1:" + gateway.port() + "/ws";
  }

  private static BrowserSocket at(GatewayServer gateway, String user) {
    return BrowserSocket.open(http, socketOf(gateway), JSON, token(user)).begin("browser");
  }

  // ------------------------------------------------------------------ talking

  @Test
  void browsersAndOtherClientsTalkInJsonAndInBinary() {
    String ann = user("ann");
    String bob = user("bob");
    Device phone = stack.connect(bob, "phone");
    String conversation = phone.session().createDirect(ann).join();
    for (String format : List.of(JSON, BINARY)) {
      try (BrowserSocket browser = browser(ann, format)) {
        assertThat(browser.chosen()).as("the token is not echoed").isEqualTo(format);
        phone.session().sendText(conversation, "to " + format).join();
        browser.awaitText("to " + format);

        String id = IDS.next();
        browser.sendText(conversation, id, "from " + format);
        ServerFrame answer = browser.awaitFrame(frame -> frame.getSendResult().getClientEventId().equals(id));
        assertThat(answer.getSendResult().hasStored()).isTrue();
        await().atMost(PATIENCE).until(() -> phone.heard().events.getOrDefault(conversation, List.of()).stream()
            .anyMatch(event -> event.getMessage().getText().equals("from " + format)));
      }
    }
  }

  @Test
  void aSocketThatComesBackGetsExactlyWhatItMissed() {
    String ann = user("ann");
    Device phone = stack.connect(user("bob"), "phone");
    String conversation = phone.session().createDirect(ann).join();
    ConversationCursor cursor;
    try (BrowserSocket browser = browser(ann, JSON)) {
      phone.session().sendText(conversation, "seen").join();
      browser.awaitText("seen");
      cursor = cursorOf(browser, conversation);
    }
    for (int i = 0; i < 300; i++) {
      phone.session().sendText(conversation, "missed " + i).join();
    }

    try (BrowserSocket browser = browser(ann, JSON, cursor)) {
      browser.awaitText("missed 299");
      assertThat(browser.events().map(Event::getSeq))
          .containsExactlyElementsOf(seqs(cursor.getCursor().getSeq() + 1, 300));
    }
  }

  private static ConversationCursor cursorOf(BrowserSocket browser, String conversation) {
    ServerFrame last = browser.frames.stream().filter(ServerFrame::hasEvents).reduce((a, b) -> b).orElseThrow();
    return ConversationCursor.newBuilder()
        .setConversationId(conversation)
        .setCursor(
            Cursor.newBuilder()
                .setSeq(last.getEvents().getEventsList().getLast().getSeq())
                .setPosition(last.getEvents().getPosition())
                .setTerm(last.getEvents().getTerm()))
        .build();
  }

  private static List<Long> seqs(long first, int count) {
    List<Long> seqs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      seqs.add(first + i);
    }
    return seqs;
  }

  @Test
  void aClientThatEndsItsSocketEndsItsSession() throws Exception {
    String ann = user("ann");
    try (GatewayServer gateway = gateway()) {
      BrowserSocket browser = at(gateway, ann);
      assertThat(gateway.sockets()).isEqualTo(1);
      browser.close();
      await().atMost(PATIENCE).until(() -> gateway.sockets() == 0);
    }
  }

  // ------------------------------------------------------------------ tokens

  @Test
  void aTokenMayComeWithTheHandshakeOrFirst() throws Exception {
    String ann = user("ann");
    BrowserSocket first = BrowserSocket.open(http, edgeSocket(), JSON, null);
    first.say(
        ClientFrame.newBuilder().setRefreshToken(RefreshToken.newBuilder().setToken(token(ann))).build());
    assertThat(first.begin("a").awaitFrame(ServerFrame::hasWelcome).getWelcome().getUser().getUserId()).isEqualTo(ann);
    first.close();

    String header =
        http.newWebSocketBuilder()
            .subprotocols(JSON)
            .header("authorization", "Bearer " + token(ann))
            .buildAsync(URI.create(edgeSocket()), new java.net.http.WebSocket.Listener() {})
            .join()
            .getSubprotocol();
    assertThat(header).isEqualTo(JSON);
  }

  @Test
  void aTokenThatIsNotGoodIsToldByTheNumberOfTheClose() throws Exception {
    String ann = user("ann");
    try (GatewayServer gateway = gateway("--parley.gateway.socket.token-timeout=200ms")) {
      assertThat(ended(gateway, stack.endedToken(ann))).isEqualTo(new Closed(4003, "TOKEN_EXPIRED"));
      assertThat(ended(gateway, "bad.bad.bad")).isEqualTo(new Closed(4002, "TOKEN_INVALID"));
      assertThat(ended(gateway, null)).isEqualTo(new Closed(4001, "TOKEN_MISSING"));
      BrowserSocket early = BrowserSocket.open(http, socketOf(gateway), JSON, null);
      early.hello("a");
      assertThat(early.end()).isEqualTo(new Closed(4001, "TOKEN_MISSING"));
      assertThat(early.awaitFrame(ServerFrame::hasError).getError().getClosesStream()).isTrue();
    }
  }

  private static Closed ended(GatewayServer gateway, @org.jspecify.annotations.Nullable String token) {
    return BrowserSocket.open(http, socketOf(gateway), JSON, token).end();
  }

  // ------------------------------------------------------------------ bad clients

  @Test
  void whatIsNoFrameIsRefusedByItsNameAndOthersGoOn() throws Exception {
    String ann = user("ann");
    try (GatewayServer gateway = gateway("--parley.gateway.socket.messages-per-second=100")) {
      BrowserSocket other = at(gateway, user("bob"));

      assertThat(after(gateway, ann, it -> it.sayText("{\"hello\":"))).isEqualTo(new Closed(1007, "MALFORMED"));
      assertThat(after(gateway, ann, it -> it.sayText("[".repeat(100_000)))).isEqualTo(new Closed(1007, "MALFORMED"));
      assertThat(after(gateway, ann, it -> it.sayText("{\"credit\":{\"frames\":1e999999999}}")))
          .isEqualTo(new Closed(1007, "MALFORMED"));
      assertThat(after(gateway, ann, it -> it.sayText("x".repeat(300_000)))).isEqualTo(new Closed(1009, "TOO_LARGE"));
      assertThat(after(gateway, ann, it -> it.sayBytes(new byte[] {1, 2, 3})))
          .isEqualTo(new Closed(1003, "PROTOCOL_VIOLATION"));
      assertThat(after(gateway, ann, it -> it.sayText("{\"credit\":{\"frames\":\"99\"}}")))
          .isEqualTo(new Closed(4004, "PROTOCOL_VIOLATION"));
      assertThat(
              after(
                  gateway,
                  ann,
                  it -> {
                    for (int i = 0; i < 500; i++) {
                      it.sayText("{\"typing\":{}}");
                    }
                  }))
          .isEqualTo(new Closed(4005, "RATE_LIMITED"));
      BrowserSocket binary = BrowserSocket.open(http, socketOf(gateway), BINARY, token(ann)).begin("b");
      binary.sayBytes(new byte[] {-1, -1, -1});
      assertThat(binary.end()).isEqualTo(new Closed(1007, "MALFORMED"));

      assertThat(other.isOpen()).isTrue();
      other.close();
    }
  }

  private static Closed after(GatewayServer gateway, String user, Consumer<BrowserSocket> deed) {
    BrowserSocket socket = at(gateway, user);
    deed.accept(socket);
    return socket.end();
  }

  @Test
  void bytesThatAreNoWebSocketEndTheirSocketAlone() throws Exception {
    try (GatewayServer gateway = gateway()) {
      BrowserSocket other = at(gateway, user("bob"));

      try (Socket raw = shakenHands(gateway)) {
        // A reserved kind of frame.
        raw.getOutputStream().write(new byte[] {(byte) 0x8b, (byte) 0x80, 0, 0, 0, 0});
        assertThat(new String(raw.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
            .contains("PROTOCOL_VIOLATION");
      }
      try (Socket half = shakenHands(gateway)) {
        // The beginning of a message of 200 KiB that never comes, then nothing but a broken connection.
        half.getOutputStream().write(new byte[] {(byte) 0x81, (byte) 0xff, 0, 0, 0, 0, 0, 3, 0, 0, 1, 2, 3, 4, 'x'});
      }
      await().atMost(PATIENCE).until(() -> gateway.sockets() == 1);
      assertThat(other.isOpen()).isTrue();
      other.close();
    }
  }

  private static Socket shakenHands(GatewayServer gateway) throws IOException {
    Socket raw = new Socket(InetAddress.getLoopbackAddress(), gateway.port());
    raw.setSoTimeout((int) PATIENCE.toMillis());
    raw.getOutputStream()
        .write(
            ("GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
                    + "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: parley.v1.json, parley.token."
                    + token(user("raw"))
                    + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    StringBuilder answer = new StringBuilder();
    while (answer.indexOf("\r\n\r\n") < 0) {
      answer.append((char) raw.getInputStream().read());
    }
    assertThat(answer).startsWith("HTTP/1.1 101");
    return raw;
  }

  @Test
  void whoAnswersNoPingIsClosed() throws Exception {
    try (GatewayServer gateway = gateway("--parley.gateway.socket.ping=100ms");
        Socket silent = shakenHands(gateway)) {
      assertThat(new String(silent.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
          .contains("HEARTBEAT_MISSED");
    }
  }

  @Test
  void aRequestThatTricklesInIsCutOff() throws Exception {
    try (GatewayServer gateway = gateway("--parley.gateway.http.request-timeout=300ms");
        Socket slow = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
      slow.setSoTimeout((int) PATIENCE.toMillis());
      slow.getOutputStream().write("GET / HTTP/1.1\r\nhost: x\r\n".getBytes(StandardCharsets.US_ASCII));

      assertThat(slow.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void whoDoesNotReadHoldsNobodyUp() throws Exception {
    String deafUser = user("deaf");
    String quickUser = user("quick");
    Device phone = stack.connect(user("bob"), "phone");
    String conversation = phone.session().createGroup("g", List.of(deafUser, quickUser)).join();
    // All over one connection.
    try (GatewayServer gateway = gateway("--parley.gateway.routers=" + stack.routerAddresses().getFirst())) {
      BrowserSocket quick = at(gateway, quickUser);
      BrowserSocket deaf = new BrowserSocket(http, socketOf(gateway), JSON, token(deafUser), false);
      deaf.hello("browser");
      say(phone, conversation, 200);

      quick.awaitText("last");
      assertThat(gateway.sockets()).as("the deaf one is still there").isEqualTo(2);
      deaf.close();
      quick.close();
    }
  }

  @Test
  void whoTakesNothingForTooLongIsClosed() throws Exception {
    String deafUser = user("deaf");
    Device phone = stack.connect(user("bob"), "phone");
    String conversation = phone.session().createDirect(deafUser).join();
    try (GatewayServer gateway = gateway("--parley.gateway.socket.stall=300ms")) {
      BrowserSocket deaf = new BrowserSocket(http, socketOf(gateway), JSON, token(deafUser), false);
      deaf.hello("browser");
      say(phone, conversation, 200);

      await().atMost(PATIENCE).until(() -> gateway.sockets() == 0);
      deaf.close();
    }
  }

  /** More than all buffers on the way take. */
  private static void say(Device phone, String conversation, int messages) {
    String text = "x".repeat(60_000);
    for (int i = 0; i < messages; i++) {
      phone.session().sendText(conversation, text).join();
    }
    phone.session().sendText(conversation, "last").join();
  }

  @Test
  void aSocketTooManyIsToldSo() throws Exception {
    try (GatewayServer gateway = gateway("--parley.gateway.socket.max=1")) {
      BrowserSocket first = at(gateway, user("ann"));

      assertThat(ended(gateway, token(user("bob")))).isEqualTo(new Closed(1013, "OVERLOADED"));
      assertThat(first.isOpen()).isTrue();
      first.close();
    }
  }

  @Test
  void pagesOfOtherOriginsAndSocketsWithoutASubprotocolAreRefused() throws Exception {
    try (GatewayServer gateway = gateway("--parley.gateway.allowed-origins=https://chat.example.org")) {
      assertThat(handshake(gateway, "https://evil.example.org", JSON)).isEqualTo(403);
      assertThat(handshake(gateway, "https://chat.example.org", JSON)).isEqualTo(101);
      assertThat(handshake(gateway, "https://chat.example.org", "graphql-ws")).isEqualTo(400);
    }
  }

  private static int handshake(GatewayServer gateway, String origin, String subprotocol) {
    Throwable failure =
        catchThrowable(
            () ->
                http.newWebSocketBuilder()
                    .header("origin", origin)
                    .subprotocols(subprotocol)
                    .buildAsync(URI.create(socketOf(gateway)), new java.net.http.WebSocket.Listener() {})
                    .join());
    return failure != null && failure.getCause() instanceof WebSocketHandshakeException refused
        ? refused.getResponse().statusCode()
        : 101;
  }

  // ------------------------------------------------------------------ what dies and what leaves

  @Test
  void aGatewayThatLeavesTellsItsClientsToComeBack() throws Exception {
    try (GatewayServer gateway = gateway("--parley.gateway.drain.notice=0s", "--parley.gateway.drain.spread=10ms")) {
      BrowserSocket browser = at(gateway, user("ann"));

      gateway.drain();

      assertThat(browser.end()).isEqualTo(new Closed(1012, "DRAINING"));
      assertThat(browser.awaitFrame(ServerFrame::hasError).getError().getRetry().getRetryDelay().getSeconds()).isPositive();
      assertThat(GatewayProcess.isReady("127.0.0.1:" + gateway.port())).isFalse();
    }
  }

  @Test
  void whenARouterDiesItsSocketsAreToldAndTheNextOneLacksNothing() throws Exception {
    String ann = user("ann");
    Device phone = stack.connectTo(2, user("bob"), SessionOptions.forDevice("phone"));
    String conversation = phone.session().createDirect(ann).join();
    try (GatewayServer gateway = gateway()) {
      BrowserSocket browser = at(gateway, ann);
      while (!browser.awaitFrame(ServerFrame::hasWelcome).getWelcome().getRouter().equals(RouterProcess.name(1))) {
        browser.close();
        browser = at(gateway, ann);
      }
      phone.session().sendText(conversation, "before").join();
      browser.awaitText("before");
      ConversationCursor cursor = cursorOf(browser, conversation);

      stack.killRouter(1);

      assertThat(browser.end()).isEqualTo(new Closed(4009, "OUTCOME_UNKNOWN"));
      phone.session().sendText(conversation, "meanwhile").join();
      BrowserSocket again = BrowserSocket.open(http, socketOf(gateway), JSON, token(ann)).begin("browser", cursor);
      again.awaitText("meanwhile");
      assertThat(again.events().map(Event::getSeq)).containsExactly(cursor.getCursor().getSeq() + 1);
      again.close();
    } finally {
      stack.startRouter(1);
    }
  }

  // ------------------------------------------------------------------ calls

  private static HttpResponse<String> call(String method, String token, String body, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(stack.edgeUrl() + "/parley.v1." + method))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (!token.isEmpty()) {
      request.header("authorization", "Bearer " + token);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static void refused(HttpResponse<String> answer, int status, String code, String reason) throws Exception {
    Map<String, Object> error = JSONObjectUtils.parse(answer.body());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("content-type")).hasValue("application/json");
    assertThat(error).containsEntry("code", code);
    if (!reason.isEmpty()) {
      Map<String, Object> detail = JSONObjectUtils.getJSONObjectArray(error, "details")[0];
      assertThat(detail).containsEntry("type", "google.rpc.ErrorInfo").containsKey("value");
      assertThat(JSONObjectUtils.getJSONObject(detail, "debug")).containsEntry("reason", reason);
    }
  }

  @Test
  void callsAreMadeInJson() throws Exception {
    String ann = token(user("ann"));
    String bob = user("bob");
    HttpResponse<String> created =
        call(
            "ChatService/CreateConversation",
            ann,
            "{\"clientEventId\":\"%s\",\"conversation\":{\"kind\":\"CONVERSATION_KIND_DIRECT\",\"memberIds\":[\"%s\"]}}"
                .formatted(IDS.next(), bob),
            "connect-protocol-version", "1");
    assertThat(created.statusCode()).as(created.body()).isEqualTo(200);
    Map<String, Object> conversation =
        JSONObjectUtils.getJSONObject(JSONObjectUtils.parse(created.body()), "conversation");
    assertThat(conversation).containsEntry("peerUserId", bob);

    HttpResponse<String> sent =
        call(
            "ChatService/Send",
            ann,
            "{\"command\":{\"conversationId\":\"%s\",\"clientEventId\":\"%s\",\"message\":{\"text\":\"über JSON\"}}}"
                .formatted(conversation.get("conversationId"), IDS.next()));
    assertThat(sent.statusCode()).as(sent.body()).isEqualTo(200);
    HttpResponse<String> events =
        call("ChatService/ListEvents", token(bob), "{\"conversationId\":\"%s\"}".formatted(conversation.get("conversationId")));
    assertThat(events.body()).contains("über JSON");
    assertThat(call("PresenceService/GetPresenceSettings", ann, "{}").statusCode()).isEqualTo(200);
  }

  @Test
  void aCallThatIsRefusedSaysWhyInJson() throws Exception {
    String ann = token(user("ann"));
    refused(call("ChatService/ListConversations", "", "{}"), 401, "unauthenticated", "TOKEN_MISSING");
    refused(
        call("ChatService/ListConversations", stack.endedToken("ann"), "{}"), 401, "unauthenticated", "TOKEN_EXPIRED");
    refused(call("ChatService/ListEvents", ann, "{\"conversationId\":\"x\"}"), 400, "invalid_argument", "INVALID_FIELD");
    refused(call("ChatService/ListEvents", ann, "{\"conversationId\""), 400, "invalid_argument", "MALFORMED");
    refused(
        call("ChatService/GetConversation", ann, "{\"conversationId\":\"%s\"}".formatted(IDS.next())),
        404, "not_found", "CONVERSATION_NOT_FOUND");
    refused(call("ChatService/Nothing", ann, "{}"), 501, "unimplemented", "");
    refused(call("PushService/ListPushDevices", ann, "{}"), 503, "unavailable", "OVERLOADED");
    refused(
        call("ChatService/ListConversations", ann, "{\"pageToken\":\"" + "x".repeat(300_000) + "\"}"),
        429, "resource_exhausted", "TOO_LARGE");
    refused(
        call("ChatService/ListConversations", ann, "{}", "connect-timeout-ms", "soon"),
        400, "invalid_argument", "MALFORMED");
    refused(
        call("ChatService/ListConversations", ann, "{}", "connect-timeout-ms", "0"), 504, "deadline_exceeded", "");
    refused(call("ChatService/ListConversations", ann, "{}", "connect-protocol-version", "2"), 400, "invalid_argument", "");
    assertThat(call("ChatService/Connect", ann, "{}").statusCode()).as("a stream").isEqualTo(415);
  }

  @Test
  void pagesThatNobodyReadsHoldUpNeitherSocketsNorCallsOfOthers() throws Exception {
    String deafUser = user("deaf");
    String ann = user("ann");
    Device phone = stack.connect(user("bob"), "phone");
    String conversation = phone.session().createGroup("g", List.of(deafUser, ann)).join();
    say(phone, conversation, 20);
    List<Socket> deaf = new ArrayList<>();
    try (GatewayServer gateway = gateway("--parley.gateway.http.held-bytes=4MiB", "--parley.gateway.http.stall=1s")) {
      BrowserSocket browser = at(gateway, ann);
      for (int i = 0; i < 30; i++) {
        deaf.add(asksForPagesAndDoesNotRead(gateway, deafUser, conversation));
      }

      phone.session().sendText(conversation, "meanwhile").join();
      browser.awaitText("meanwhile");
      HttpRequest small =
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + gateway.port() + "/parley.v1.PresenceService/GetPresenceSettings"))
              .header("content-type", "application/json")
              .header("authorization", "Bearer " + token(ann))
              .POST(HttpRequest.BodyPublishers.ofString("{}"))
              .build();
      await()
          .atMost(PATIENCE)
          .until(() -> http.send(small, HttpResponse.BodyHandlers.ofString()).statusCode() == 200);
      assertThat(browser.isOpen()).isTrue();
      browser.close();
    } finally {
      for (Socket each : deaf) {
        each.close();
      }
    }
  }

  private static Socket asksForPagesAndDoesNotRead(GatewayServer gateway, String user, String conversation)
      throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4096);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), gateway.port()));
    String body = "{\"conversationId\":\"" + conversation + "\"}";
    String request =
        "POST /parley.v1.ChatService/ListEvents HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            + "authorization: Bearer " + token(user) + "\r\ncontent-length: " + body.length() + "\r\n\r\n" + body;
    socket.getOutputStream().write(request.repeat(10).getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  // ------------------------------------------------------------------ the page's files

  @Test
  void thePageComesWithItsRulesAndNothingElseComes() throws Exception {
    HttpResponse<String> page = get("/", "");
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.headers().firstValue("content-type")).hasValue("text/html; charset=utf-8");
    assertThat(page.headers().firstValue("content-security-policy").orElse("")).contains("default-src 'none'");
    assertThat(page.headers().firstValue("x-content-type-options")).hasValue("nosniff");
    assertThat(get("/", page.headers().firstValue("etag").orElseThrow()).statusCode()).isEqualTo(304);
    assertThat(get("/parley-client.js", "").headers().firstValue("content-type")).hasValue("text/javascript; charset=utf-8");
    try (GatewayServer gateway = gateway()) {
      for (String path : List.of("/../GatewayMain.class", "/page/index.html", "/%2e%2e/x", "//etc/passwd", "/style.css/")) {
        try (Socket raw = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
          raw.getOutputStream()
              .write(("GET " + path + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
          assertThat(new String(raw.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
              .as(path)
              .startsWith("HTTP/1.1 404");
        }
      }
    }
  }

  private static HttpResponse<String> get(String path, String etag) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(stack.edgeUrl() + path));
    if (!etag.isEmpty()) {
      request.header("if-none-match", etag);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
