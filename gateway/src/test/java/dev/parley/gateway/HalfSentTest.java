package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chassis.config.Settings;
import dev.parley.chassis.telemetry.GrpcMetrics;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What has not come whole is bounded over all connections together, wherever it waits. */
class HalfSentTest {
  private static final int LIMIT = 64 << 10;
  private static final int MOST = 40 << 10;

  private final ByteBudget halfSent = new ByteBudget(LIMIT);
  private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Set<SocketBridge> sockets = ConcurrentHashMap.newKeySet();

  @AfterEach
  void end() {
    loops.shutdownGracefully();
  }

  private EmbeddedChannel socket() {
    GatewaySettings settings = Settings.load(GatewaySettings.class, Map.of(), List.of());
    EmbeddedChannel socket =
        new EmbeddedChannel(
            new CountedFrameDecoder(WebSocketDecoderConfig.newBuilder().build(), halfSent.share()),
            new SocketBridge(
                settings.socket(),
                FrameFormat.BINARY,
                null,
                new Upstreams("router", List.of(), 1, LIMIT, loops, GrpcMetrics.none()),
                sockets,
                halfSent.share()));
    socket.config().setAutoRead(true);
    return socket;
  }

  private static ByteBuf bytes(int size) {
    return Unpooled.wrappedBuffer(new byte[size]);
  }

  /** The beginning of a binary message of 65,000 bytes. */
  private static ByteBuf halfFrame() {
    ByteBuf frame = Unpooled.buffer(MOST, MOST);
    frame.writeByte(0x82).writeByte(0x80 | 126).writeShort(65_000).writeInt(0);
    return frame.writeZero(MOST - frame.writerIndex());
  }

  private static int closedWith(EmbeddedChannel socket) {
    socket.runPendingTasks();
    for (Object said = socket.readOutbound(); said != null; said = socket.readOutbound()) {
      if (said instanceof CloseWebSocketFrame close) {
        return close.statusCode();
      }
    }
    return 0;
  }

  @Test
  void aFrameForWhichThereIsNoRoomEndsItsSocketAlone() {
    EmbeddedChannel first = socket();
    EmbeddedChannel second = socket();
    first.writeInbound(halfFrame());
    second.writeInbound(halfFrame());

    assertThat(closedWith(first)).isZero();
    assertThat(closedWith(second)).isEqualTo(1013);
    first.close();
    second.close();
    assertThat(halfSent.held()).isZero();
  }

  @Test
  void fragmentsForWhichThereIsNoRoomEndTheirSocketAlone() {
    EmbeddedChannel first = socket();
    EmbeddedChannel second = socket();
    first.pipeline().fireChannelRead(new BinaryWebSocketFrame(false, 0, bytes(MOST)));
    second.pipeline().fireChannelRead(new BinaryWebSocketFrame(false, 0, bytes(10)));

    assertThat(closedWith(first)).isZero();
    assertThat(closedWith(second)).isEqualTo(1013);
    first.close();
    assertThat(halfSent.held()).isZero();
  }

  @Test
  void aMessageThatHasComeWholeHoldsNothing() {
    EmbeddedChannel socket = socket();
    socket.pipeline().fireChannelRead(new BinaryWebSocketFrame(false, 0, bytes(100)));
    assertThat(halfSent.held()).isPositive();
    socket.pipeline().fireChannelRead(new ContinuationWebSocketFrame(true, 0, bytes(100)));
    assertThat(halfSent.held()).isZero();
  }

  private static DefaultHttpRequest request() {
    return new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/parley.v1.ChatService/Send");
  }

  @Test
  void aBodyForWhichThereIsNoRoomIsRefused() {
    EmbeddedChannel first = new EmbeddedChannel(new WholeRequests(LIMIT, halfSent.share()));
    EmbeddedChannel second = new EmbeddedChannel(new WholeRequests(LIMIT, halfSent.share()));
    first.writeInbound(request(), new DefaultHttpContent(bytes(MOST)));
    second.writeInbound(request(), new DefaultHttpContent(bytes(MOST)));
    FullHttpResponse refusal = second.readOutbound();
    assertThat(refusal.status().code()).isEqualTo(503);
    assertThat(second.isOpen()).isFalse();

    first.writeInbound(new DefaultLastHttpContent(bytes(10)));
    FullHttpRequest whole = first.readInbound();
    assertThat(whole.content().readableBytes()).isEqualTo(MOST + 10);
    assertThat(halfSent.held()).isZero();
    whole.release();
  }
}
