package dev.parley.gateway;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import dev.parley.chassis.errors.Errors;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.ServerFrame;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.timeout.IdleState;
import io.netty.handler.timeout.IdleStateEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One socket and its stream at a router. Frames are passed on as they come, in both directions; nothing is kept.
 *
 * <pre>
 *   WAITING --token--> OPEN --close of the client, end of the stream, violation--> ENDING --> (closed)
 *      +------------------------- no token in time ----------------------------------^
 * </pre>
 *
 * <p>What it holds is bounded. Of the client: one message, and reading stops while the stream is not ready. Of the
 * router: a frame is asked for only while the socket can be written to and few frames and bytes wait in it; beside that
 * the call's own window.
 *
 * <p>All callbacks, of the socket and of the call, run on the socket's event loop; {@link #leave} may be called by any
 * thread.
 */
final class SocketBridge extends SimpleChannelInboundHandler<WebSocketFrame> {
  private static final Logger LOG = LoggerFactory.getLogger(SocketBridge.class);

  private static final MethodDescriptor<byte[], byte[]> CONNECT =
      Bytes.method(MethodType.BIDI_STREAMING, ChatServiceGrpc.SERVICE_NAME, "Connect");

  static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** What may stand in a header: at most 8 KiB of the letters of a JWT. */
  private static final Pattern TOKEN = Pattern.compile("[\\w.~+/=-]{1,8192}");

  /** How long an open socket gets to answer the close frame. */
  private static final Duration CLOSING = Duration.ofSeconds(2);

  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final int UNANSWERED_PINGS = 2;

  /** The first byte of a ServerFrame that holds an Error: its field's number and wire type. */
  private static final byte ERROR_TAG = (byte) (ServerFrame.ERROR_FIELD_NUMBER << 3 | 2);

  private enum State {
    WAITING,
    OPEN,
    ENDING
  }

  private final GatewaySettings.SocketLimits limits;
  private final FrameFormat format;
  private final Upstreams routers;
  private final Set<SocketBridge> sockets;
  private final MessageRate rate;
  private final ByteBudget.Share halfSent;

  private State state = State.WAITING;
  private @Nullable String token;
  private @Nullable ChannelHandlerContext ctx;
  private @Nullable Future<?> tokenDeadline;
  private @Nullable ClientCall<byte[], byte[]> call;

  /** The fragments of a message that is not complete. */
  private @Nullable ByteBuf fragments;

  private int asked;
  private int unwritten;
  private long unwrittenBytes;
  private boolean flushing;
  private boolean errorWasLast;
  private boolean closedByClient;
  private int pings;

  /**
   * A bridge for a socket that has shaken hands.
   *
   * @param token that came with the handshake; null: it is still to come
   * @param sockets all open ones: this one is in it from when it is added to the socket until that is closed
   * @param halfSent what it holds of messages that have not come whole
   */
  SocketBridge(
      GatewaySettings.SocketLimits limits,
      FrameFormat format,
      @Nullable String token,
      Upstreams routers,
      Set<SocketBridge> sockets,
      ByteBudget.Share halfSent) {
    this.limits = limits;
    this.format = format;
    this.token = token;
    this.routers = routers;
    this.sockets = sockets;
    this.halfSent = halfSent;
    this.rate = new MessageRate(limits.messagesPerSecond(), System.nanoTime());
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    ctx = context;
    sockets.add(this);
    if (!context.channel().isActive()) {
      channelInactive(context);
    } else if (sockets.size() > limits.max()) {
      end(CloseCode.OVERLOADED, "all sockets of this gateway are taken");
    } else if (token != null) {
      open(token);
    } else {
      context.channel().config().setAutoRead(true);
      tokenDeadline =
          context
              .executor()
              .schedule(
                  () -> end(CloseCode.TOKEN_MISSING, "no token came in time"),
                  limits.tokenTimeout().toMillis(),
                  TimeUnit.MILLISECONDS);
    }
  }

  // ------------------------------------------------------------------ the client

  @Override
  protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
    pings = 0;
    if (frame instanceof CloseWebSocketFrame) {
      closedByClient();
      return;
    }
    if (state == State.ENDING || frame instanceof PongWebSocketFrame) {
      return;
    }
    if (!rate.take(System.nanoTime())) {
      end(CloseCode.RATE_LIMITED, "more than " + limits.messagesPerSecond() + " messages a second");
    } else if (frame instanceof PingWebSocketFrame) {
      // Who does not read the answers needs none.
      if (context.channel().isWritable()) {
        context.writeAndFlush(new PongWebSocketFrame(frame.content().retain()));
      }
    } else {
      fragment(frame);
    }
  }

  private void fragment(WebSocketFrame frame) {
    boolean first = fragments == null;
    if (first && !format.isOfThis(frame)) {
      end(CloseCode.WRONG_KIND_OF_MESSAGE, format == FrameFormat.JSON ? "send text messages" : "send binary messages");
    } else if (first && frame.isFinalFragment()) {
      message(frame.content());
    } else if (size(fragments) + frame.content().readableBytes() > limits.messageBytes()) {
      tooLarge();
    } else {
      // Copied, so that a thousand fragments of a byte each hold no more than a thousand bytes.
      ByteBuf whole = fragments == null ? context().alloc().buffer() : fragments;
      fragments = whole.writeBytes(frame.content());
      if (frame.isFinalFragment()) {
        fragments = null;
        halfSent.hold(0);
        try {
          message(whole);
        } finally {
          whole.release();
        }
      } else if (!halfSent.hold(whole.capacity())) {
        noRoom();
      }
    }
  }

  private void noRoom() {
    dropFragments();
    end(CloseCode.OVERLOADED, "too many messages are coming in");
  }

  private void dropFragments() {
    halfSent.hold(0);
    if (fragments != null) {
      fragments.release();
      fragments = null;
    }
  }

  private static int size(@Nullable ByteBuf bytes) {
    return bytes == null ? 0 : bytes.readableBytes();
  }

  private void message(ByteBuf message) {
    try {
      byte[] frame = format.fromClient(message);
      ClientCall<byte[], byte[]> stream = call;
      if (state == State.WAITING) {
        first(ClientFrame.parseFrom(frame));
      } else if (stream != null) {
        stream.sendMessage(frame);
        read(stream.isReady());
      }
    } catch (Json.MalformedException e) {
      end(CloseCode.MALFORMED, String.valueOf(e.getMessage()));
    } catch (InvalidProtocolBufferException e) {
      end(CloseCode.MALFORMED, "the bytes are no ClientFrame");
    }
  }

  /** The first message of a socket that has shown no token. */
  private void first(ClientFrame frame) {
    if (frame.hasRefreshToken()) {
      open(frame.getRefreshToken().getToken());
    } else {
      end(CloseCode.TOKEN_MISSING, "the first message must be refreshToken, unless the token came with the handshake");
    }
  }

  private void read(boolean on) {
    context().channel().config().setAutoRead(on);
  }

  /** It has ended the socket in order: so the stream ends, and what is on its way to the router gets there. */
  private void closedByClient() {
    if (state == State.ENDING) {
      // Its answer to our own close, or it is in a hurry.
      context().close();
      return;
    }
    closedByClient = true;
    if (call == null) {
      state = State.ENDING;
      context().writeAndFlush(new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE))
          .addListener(ChannelFutureListener.CLOSE);
      return;
    }
    state = State.ENDING;
    call.halfClose();
    context().executor().schedule(() -> context().close(), CLOSING.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof IdleStateEvent idle) {
      if (idle.state() == IdleState.WRITER_IDLE) {
        stalled();
      } else {
        silent();
      }
    } else if (event == CountedFrameDecoder.NoRoom.EVENT) {
      noRoom();
    }
  }

  private void stalled() {
    ChannelOutboundBuffer output = context().channel().unsafe().outboundBuffer();
    if (output != null && output.totalPendingWriteBytes() > 0) {
      end(CloseCode.SLOW_READER, "the socket took nothing for " + limits.stall().toSeconds() + " s");
    }
  }

  private void silent() {
    if (!context().channel().config().isAutoRead()) {
      return;
    }
    if (pings >= UNANSWERED_PINGS) {
      end(CloseCode.HEARTBEAT_MISSED, "no ping was answered");
    } else {
      pings++;
      if (context().channel().isWritable()) {
        context().writeAndFlush(new PingWebSocketFrame());
      }
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    Throwable failure = cause instanceof CorruptedWebSocketFrameException ? cause : cause.getCause();
    if (failure instanceof CorruptedWebSocketFrameException corrupted) {
      if (corrupted.closeStatus().equals(WebSocketCloseStatus.MESSAGE_TOO_BIG)) {
        tooLarge();
      } else {
        end(CloseCode.PROTOCOL_VIOLATION, "these bytes are no WebSocket frame");
      }
    } else if (cause instanceof IOException) {
      // The connection broke: channelInactive follows.
      context.close();
    } else {
      LOG.error("a socket failed", cause);
      end(CloseCode.INTERNAL, "the gateway failed");
    }
  }

  private void tooLarge() {
    int limit = limits.messageBytes();
    end(
        CloseCode.TOO_LARGE,
        error(
            Errors.info(ErrorReason.ERROR_REASON_TOO_LARGE, Map.of("limit", Integer.toString(limit))),
            "a message is larger than " + limit + " bytes",
            null));
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    state = State.ENDING;
    sockets.remove(this);
    if (call != null) {
      call.cancel("the socket was closed", null);
    }
    dropFragments();
    halfSent.close();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    pull();
  }

  // ------------------------------------------------------------------ the router

  private void open(String withToken) {
    if (tokenDeadline != null) {
      tokenDeadline.cancel(false);
    }
    token = null;
    if (!TOKEN.matcher(withToken).matches()) {
      end(CloseCode.TOKEN_INVALID, "this is no JWT");
      return;
    }
    ManagedChannel router = routers.pick();
    if (router == null) {
      end(CloseCode.OVERLOADED, "no router is ready");
      return;
    }
    state = State.OPEN;
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, "Bearer " + withToken);
    call = router.newCall(CONNECT, CallOptions.DEFAULT.withExecutor(context().executor()));
    read(false);
    call.start(new Stream(), headers);
    pull();
  }

  /** Asks for frames, as many as the socket will soon have room for. */
  private void pull() {
    while (state == State.OPEN
        && call != null
        && asked + unwritten < limits.framesAhead()
        && unwrittenBytes < limits.bytesAhead()
        && context().channel().isWritable()) {
      asked++;
      call.request(1);
    }
  }

  private final class Stream extends ClientCall.Listener<byte[]> {
    @Override
    public void onReady() {
      if (state == State.OPEN && call != null) {
        read(call.isReady());
      }
    }

    @Override
    public void onMessage(byte[] frame) {
      asked--;
      if (state == State.OPEN) {
        errorWasLast = frame.length > 0 && frame[0] == ERROR_TAG;
        write(frame);
        pull();
      } else if (call != null) {
        // Nobody wants it any more, but the end of the stream comes behind it.
        call.request(1);
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      streamEnded(status, trailers);
    }
  }

  private void write(byte[] frame) {
    WebSocketFrame message;
    try {
      message = format.toClient(frame);
    } catch (InvalidProtocolBufferException e) {
      LOG.error("a router sent what is no ServerFrame", e);
      end(CloseCode.INTERNAL, "the router said what cannot be understood");
      return;
    }
    int size = message.content().readableBytes();
    unwritten++;
    unwrittenBytes += size;
    context().write(message).addListener(written -> {
      unwritten--;
      unwrittenBytes -= size;
      pull();
    });
    if (!flushing) {
      // Frames that come together leave together.
      flushing = true;
      context().executor().execute(() -> {
        flushing = false;
        context().flush();
      });
    }
  }

  private void streamEnded(Status status, Metadata trailers) {
    call = null;
    if (closedByClient) {
      context().writeAndFlush(new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE))
          .addListener(ChannelFutureListener.CLOSE);
      return;
    }
    if (status.isOk()) {
      close(CloseCode.NORMAL, "");
      return;
    }
    Refusal refusal = Refusal.of(status, trailers);
    if (errorWasLast) {
      close(refusal.code(), refusal.info().getReason());
    } else {
      end(refusal.code(), error(refusal.info(), refusal.message(), refusal.retry()));
    }
  }

  // ------------------------------------------------------------------ the end

  /** Asks the client to come back elsewhere. */
  void leave() {
    ChannelHandlerContext context = ctx;
    if (context != null) {
      context.executor().execute(() -> end(CloseCode.DRAINING, "this gateway goes away; open a new socket"));
    }
  }

  private void end(CloseCode code, String message) {
    end(code, error(Errors.info(code.reason(), Map.of()), message, code.comeBack() ? RETRY : null));
  }

  private static dev.parley.v1.Error error(ErrorInfo info, String message, @Nullable Duration retry) {
    dev.parley.v1.Error.Builder error =
        dev.parley.v1.Error.newBuilder().setInfo(info).setMessage(message).setClosesStream(true);
    if (retry != null) {
      error.setRetry(Errors.retry(retry));
    }
    return error.build();
  }

  /** Says why, and closes the socket. */
  private void end(CloseCode code, dev.parley.v1.Error error) {
    if (state != State.ENDING) {
      write(ServerFrame.newBuilder().setError(error).build().toByteArray());
      close(code, error.getInfo().getReason());
    }
  }

  private void close(CloseCode code, String text) {
    if (state == State.ENDING) {
      return;
    }
    state = State.ENDING;
    LOG.debug("closing a socket with {} {}", code, text);
    if (call != null) {
      call.cancel("the socket is closed with " + code, null);
    }
    ChannelFuture said = context().writeAndFlush(new CloseWebSocketFrame(code.code(), text));
    // For the answer to it; what comes before that is not taken any more.
    read(true);
    if (code == CloseCode.SLOW_READER) {
      // Nothing will be read, this neither.
      context().close();
      return;
    }
    said.addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    context().executor().schedule(() -> context().close(), CLOSING.toMillis(), TimeUnit.MILLISECONDS);
  }

  private ChannelHandlerContext context() {
    if (ctx == null) {
      throw new IllegalStateException("not added to a socket");
    }
    return ctx;
  }
}
