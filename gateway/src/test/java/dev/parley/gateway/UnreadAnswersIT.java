package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.chassis.config.Settings;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.Event;
import dev.parley.v1.Events;
import dev.parley.v1.GetConversationRequest;
import dev.parley.v1.GetConversationResponse;
import dev.parley.v1.ListConversationsRequest;
import dev.parley.v1.ListConversationsResponse;
import dev.parley.v1.ListEventsRequest;
import dev.parley.v1.ListEventsResponse;
import dev.parley.v1.Message;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How much clients that ask and do not read can make a gateway hold, and who else notices. */
class UnreadAnswersIT {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int PAGE_BYTES = 1 << 20;
  private static final int DEAF = 30;

  private final AtomicInteger pages = new AtomicInteger();
  private final AtomicBoolean waiting = new AtomicBoolean();
  private final AtomicBoolean cancelled = new AtomicBoolean();
  private final List<Socket> sockets = new ArrayList<>();
  private Server router;

  /** A router with large pages, small answers, and one that never comes. */
  private final class Pages extends ChatServiceGrpc.ChatServiceImplBase {
    private final ListEventsResponse page =
        ListEventsResponse.newBuilder()
            .addPages(
                Events.newBuilder()
                    .addEvents(Event.newBuilder().setMessage(Message.newBuilder().setText("x".repeat(PAGE_BYTES)))))
            .build();

    @Override
    public void listEvents(ListEventsRequest request, StreamObserver<ListEventsResponse> answer) {
      pages.incrementAndGet();
      answer.onNext(page);
      answer.onCompleted();
    }

    @Override
    public void listConversations(ListConversationsRequest request, StreamObserver<ListConversationsResponse> answer) {
      answer.onNext(ListConversationsResponse.getDefaultInstance());
      answer.onCompleted();
    }

    @Override
    public void getConversation(GetConversationRequest request, StreamObserver<GetConversationResponse> answer) {
      ((ServerCallStreamObserver<GetConversationResponse>) answer).setOnCancelHandler(() -> cancelled.set(true));
      waiting.set(true);
    }
  }

  @BeforeEach
  void startRouter() throws IOException {
    router =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new Pages())
            .addService(new HealthStatusManager().getHealthService())
            .build()
            .start();
  }

  @AfterEach
  void stop() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    router.shutdownNow();
  }

  private GatewayServer gateway(String... more) throws IOException {
    List<String> settings = new ArrayList<>(List.of(more));
    settings.add("--parley.gateway.listen=127.0.0.1:0");
    settings.add("--parley.gateway.routers=127.0.0.1:" + router.getPort());
    GatewayServer gateway = new GatewayServer(Settings.load(GatewaySettings.class, Map.of(), settings), Telemetry.none());
    await().atMost(PATIENCE).until(gateway::isReady);
    return gateway;
  }

  private Socket ask(GatewayServer gateway, String method, int times) throws IOException {
    Socket socket = new Socket();
    sockets.add(socket);
    socket.setReceiveBufferSize(4096);
    socket.setSoTimeout((int) PATIENCE.toMillis());
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), gateway.port()));
    String request =
        "POST /parley.v1.ChatService/" + method
            + " HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    socket.getOutputStream().write(request.repeat(times).getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static String status(Socket socket) throws IOException {
    return new String(socket.getInputStream().readNBytes("HTTP/1.1 200".length()), StandardCharsets.US_ASCII);
  }

  @Test
  void whoDoesNotReadIsAnsweredOnceAndThereIsRoomForOthers() throws Exception {
    try (GatewayServer gateway = gateway("--parley.gateway.http.held-bytes=4MiB")) {
      for (int i = 0; i < DEAF; i++) {
        ask(gateway, "ListEvents", 10);
      }
      // Those for whom there was no room have been told so, and ask again; the others are not asked again.
      await().atMost(PATIENCE).until(() -> gateway.heldBytes() > (2 << 20));

      // While pages still come, another one may be told to try again.
      await().atMost(PATIENCE).until(() -> status(ask(gateway, "ListConversations", 1)).equals("HTTP/1.1 200"));
      assertThat(gateway.heldBytes()).isLessThanOrEqualTo(4 << 20);
    }
  }

  @Test
  void whoTakesNothingOfAnAnswerIsClosedAndHoldsNothingAnyMore() throws Exception {
    try (GatewayServer gateway =
        gateway("--parley.gateway.http.concurrent-calls=1", "--parley.gateway.http.stall=2s")) {
      Socket deaf = ask(gateway, "ListEvents", 50);
      await().atMost(PATIENCE).until(() -> gateway.heldBytes() > PAGE_BYTES / 2);

      // The call counts until its answer is written.
      await().atMost(PATIENCE).until(() -> status(ask(gateway, "ListConversations", 1)).equals("HTTP/1.1 503"));
      await().atMost(PATIENCE).until(() -> isClosed(deaf));
      await().atMost(PATIENCE).until(() -> gateway.heldBytes() == 0);
      assertThat(pages.get()).as("those that the kernel took, and one").isLessThan(25);
      assertThat(status(ask(gateway, "ListConversations", 1))).isEqualTo("HTTP/1.1 200");
    }
  }

  private static boolean isClosed(Socket socket) {
    try {
      socket.getOutputStream().write('x');
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  @Test
  void requestsThatComeTogetherAreAnsweredInTurn() throws Exception {
    int many = 2_000;
    try (GatewayServer gateway = gateway()) {
      Scanner answers = new Scanner(ask(gateway, "Nothing", many).getInputStream(), StandardCharsets.US_ASCII);

      for (int answered = 0; answered < many; answered++) {
        assertThat(answers.findWithinHorizon("HTTP/1.1 501", 4096)).as("answer %d", answered).isNotNull();
      }
    }
  }

  @Test
  void aCallWhoseClientIsGoneIsCancelled() throws Exception {
    try (GatewayServer gateway = gateway()) {
      Socket gone = ask(gateway, "GetConversation", 1);
      await().atMost(PATIENCE).untilTrue(waiting);
      gone.close();

      await().atMost(PATIENCE).untilTrue(cancelled);
      await().atMost(PATIENCE).until(() -> gateway.heldBytes() == 0);
    }
  }
}
