package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.chassis.config.Settings;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Event;
import dev.parley.v1.Events;
import dev.parley.v1.Message;
import dev.parley.v1.ServerFrame;
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
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** How much a socket that takes nothing can make a gateway hold, however much a router has for it. */
class DeafSocketIT {
  private static final int FRAME_BYTES = 60_000;
  private static final long ROUTER_HAS = 100L << 20;

  /** What the kernel's own buffers of two connections may take, with room; the gateway's are a hundredth of it. */
  private static final long TAKEN_AT_MOST = 20L << 20;

  private final AtomicLong sent = new AtomicLong();

  /** A router that sends as long as it is allowed to. */
  private final class Talker extends ChatServiceGrpc.ChatServiceImplBase {
    private final ServerFrame frame =
        ServerFrame.newBuilder()
            .setEvents(
                Events.newBuilder()
                    .addEvents(
                        Event.newBuilder().setMessage(Message.newBuilder().setText("x".repeat(FRAME_BYTES)))))
            .build();

    @Override
    public StreamObserver<ClientFrame> connect(StreamObserver<ServerFrame> out) {
      ServerCallStreamObserver<ServerFrame> client = (ServerCallStreamObserver<ServerFrame>) out;
      client.setOnCancelHandler(() -> {});
      client.setOnReadyHandler(
          () -> {
            while (client.isReady() && sent.get() < ROUTER_HAS) {
              client.onNext(frame);
              sent.addAndGet(FRAME_BYTES);
            }
          });
      return new StreamObserver<>() {
        @Override
        public void onNext(ClientFrame ignored) {
          // It has enough to say.
        }

        @Override
        public void onError(Throwable gone) {
          // The gateway has given the socket up.
        }

        @Override
        public void onCompleted() {
          client.onCompleted();
        }
      };
    }
  }

  @Test
  void aSocketThatTakesNothingHoldsLittleAndIsClosed() throws Exception {
    Server router =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new Talker())
            .addService(new HealthStatusManager().getHealthService())
            .build()
            .start();
    List<String> settings =
        List.of(
            "--parley.gateway.listen=127.0.0.1:0",
            "--parley.gateway.routers=127.0.0.1:" + router.getPort(),
            "--parley.gateway.socket.stall=500ms");
    try (GatewayServer gateway = new GatewayServer(Settings.load(GatewaySettings.class, Map.of(), settings), Telemetry.none());
        Socket deaf = new Socket()) {
      await().until(gateway::isReady);
      deaf.setReceiveBufferSize(4096);
      deaf.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), gateway.port()));
      shakeHands(deaf);

      await().atMost(Duration.ofSeconds(20)).until(() -> sent.get() > 0 && gateway.sockets() == 0);

      assertThat(sent.get()).isLessThan(TAKEN_AT_MOST);
    } finally {
      router.shutdownNow();
    }
  }

  private static void shakeHands(Socket socket) throws IOException {
    socket
        .getOutputStream()
        .write(
            ("GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
                    + "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                    + "sec-websocket-protocol: parley.v1.json, parley.token.a.b.c\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
  }
}
