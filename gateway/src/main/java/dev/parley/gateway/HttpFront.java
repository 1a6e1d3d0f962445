package dev.parley.gateway;

import dev.parley.v1.ErrorReason;
import io.grpc.ClientCall;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker13;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import io.netty.handler.timeout.IdleStateHandler;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is asked over HTTP on one connection: health, the page, calls, and the handshake that makes a socket of the
 * connection. One request at a time: the next one is not read before the answer to the last one is written. A call whose
 * client is gone is cancelled. Runs on the connection's event loop.
 */
final class HttpFront extends SimpleChannelInboundHandler<FullHttpRequest> {
  private static final Logger LOG = LoggerFactory.getLogger(HttpFront.class);

  private static final String BEARER = "Bearer ";
  private static final String TOKEN_PROTOCOL = "parley.token.";

  private final Shared shared;

  /** What this connection holds of a call and of an answer that is not written. */
  private final ByteBudget.Share held;

  private @Nullable ClientCall<?, ?> call;

  /**
   * What all connections share.
   *
   * @param held by calls and answers
   * @param halfSent what has not come whole
   * @param ready whether this gateway takes new work
   */
  record Shared(
      GatewaySettings settings,
      StaticFiles files,
      UnaryCalls calls,
      Upstreams routers,
      Set<SocketBridge> sockets,
      ByteBudget held,
      ByteBudget halfSent,
      BooleanSupplier ready) {}

  HttpFront(Shared shared) {
    this.shared = shared;
    this.held = shared.held.share();
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
    ctx.channel().config().setAutoRead(false);
    timer(ctx).complete();
    if (request.decoderResult().isFailure()) {
      unreadable(ctx, request.decoderResult().cause());
      return;
    }
    String path = path(request.uri());
    String origin = request.headers().get(HttpHeaderNames.ORIGIN);
    List<String> origins = shared.settings.allowedOrigins();
    if (origin != null && !origins.isEmpty() && !origins.contains(origin)) {
      answer(ctx, request, HttpAnswer.text(HttpResponseStatus.FORBIDDEN, "pages of this origin may not use this gateway"));
    } else if (path.equals("/ws")) {
      handshake(ctx, request);
    } else if (path.equals("/healthz") || path.equals("/readyz")) {
      boolean well = path.equals("/healthz") || shared.ready.getAsBoolean();
      answer(
          ctx,
          request,
          well ? HttpAnswer.text(HttpResponseStatus.OK, "ok")
              : HttpAnswer.text(HttpResponseStatus.SERVICE_UNAVAILABLE, "not ready"));
    } else if (UnaryCalls.isCall(path)) {
      boolean keepAlive = HttpUtil.isKeepAlive(request);
      call = shared.calls.call(path, request, held, ctx.executor(), answer -> answer(ctx, answer, keepAlive, true));
    } else {
      answer(ctx, request, shared.files.answer(request.method(), path, request.headers().get(HttpHeaderNames.IF_NONE_MATCH)));
    }
  }

  private static String path(String uri) {
    int end = uri.indexOf('?');
    return end < 0 ? uri : uri.substring(0, end);
  }

  private static RequestTimer timer(ChannelHandlerContext ctx) {
    return Objects.requireNonNull(ctx.pipeline().get(RequestTimer.class));
  }

  private void unreadable(ChannelHandlerContext ctx, Throwable cause) {
    HttpResponseStatus status =
        cause instanceof TooLongHttpHeaderException ? HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            : cause instanceof TooLongHttpLineException ? HttpResponseStatus.REQUEST_URI_TOO_LONG
                : HttpResponseStatus.BAD_REQUEST;
    answer(ctx, HttpAnswer.text(status, "this request cannot be read"), false, true);
  }

  private void answer(ChannelHandlerContext ctx, FullHttpRequest request, HttpAnswer answer) {
    answer(ctx, answer, HttpUtil.isKeepAlive(request), !request.method().equals(HttpMethod.HEAD));
  }

  private ChannelFuture answer(ChannelHandlerContext ctx, HttpAnswer answer, boolean keepAlive, boolean withBody) {
    if (!ctx.channel().isActive()) {
      return ctx.newFailedFuture(new ClosedChannelException());
    }
    int size = answer.body().length;
    HttpAnswer fitting =
        size <= UnaryCalls.SMALL_BYTES || held.hold(size)
            ? answer
            : ConnectError.of(ErrorReason.ERROR_REASON_OVERLOADED, UnaryCalls.NO_ROOM);
    timer(ctx).answering(ctx);
    ChannelFuture sent = fitting.send(ctx.channel(), keepAlive, withBody);
    sent.addListener(
        written -> {
          held.hold(0);
          call = null;
          if (keepAlive && written.isSuccess() && ctx.channel().isActive()) {
            timer(ctx).answered(ctx);
            ctx.channel().config().setAutoRead(true);
          }
        });
    watch(ctx, sent);
    return sent;
  }

  /** Closes the connection when it takes nothing of the answer for too long. */
  private void watch(ChannelHandlerContext ctx, ChannelFuture sent) {
    if (sent.isDone()) {
      return;
    }
    long left = left(ctx.channel());
    ctx.executor()
        .schedule(
            () -> {
              if (!sent.isDone() && left(ctx.channel()) == left) {
                ctx.close();
              } else {
                watch(ctx, sent);
              }
            },
            shared.settings.http().stall().toMillis(),
            TimeUnit.MILLISECONDS);
  }

  private static long left(Channel channel) {
    ChannelOutboundBuffer output = channel.unsafe().outboundBuffer();
    return output == null ? 0 : output.totalPendingWriteBytes() - output.currentProgress();
  }

  /** The connection is gone, or has become a socket. */
  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    held.close();
    if (call != null) {
      call.cancel("the client is gone", null);
    }
  }

  private void handshake(ChannelHandlerContext ctx, FullHttpRequest request) {
    WebSocketDecoderConfig config =
        WebSocketDecoderConfig.newBuilder()
            .maxFramePayloadLength(shared.settings.socket().messageBytes())
            .allowExtensions(false)
            .closeOnProtocolViolation(false)
            .build();
    String version = request.headers().get(HttpHeaderNames.SEC_WEBSOCKET_VERSION);
    if (!HeaderLists.upgradesToWebSocket(request.headers())
        || !WebSocketVersion.V13.toHttpHeaderValue().equals(version)) {
      answer(
          ctx,
          request,
          HttpAnswer.text(HttpResponseStatus.UPGRADE_REQUIRED, "open a WebSocket of version 13 here")
              .with("upgrade", "websocket")
              .with("sec-websocket-version", "13"));
      return;
    }
    List<String> offered = HeaderLists.list(request.headers(), HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL);
    if (offered.stream().allMatch(each -> FrameFormat.of(each) == null)) {
      answer(
          ctx,
          request,
          HttpAnswer.text(HttpResponseStatus.BAD_REQUEST, "offer one of the subprotocols " + FrameFormat.SUBPROTOCOLS));
      return;
    }
    String token = token(request.headers().get(HttpHeaderNames.AUTHORIZATION), offered);
    WebSocketServerHandshaker handshaker = new Handshaker(config, shared.halfSent);
    ChannelFuture shaken;
    try {
      shaken = handshaker.handshake(ctx.channel(), request);
    } catch (RuntimeException e) {
      // Netty's handshaker throws at a key that is missing or has the wrong length.
      answer(ctx, request, HttpAnswer.text(HttpResponseStatus.BAD_REQUEST, "this is no WebSocket handshake"));
      return;
    }
    shaken.addListener(
        done -> {
          FrameFormat format = FrameFormat.of(handshaker.selectedSubprotocol());
          if (!done.isSuccess() || format == null) {
            ctx.close();
          } else {
            becomeSocket(
                ctx,
                new SocketBridge(
                    shared.settings.socket(),
                    format,
                    token,
                    shared.routers,
                    shared.sockets,
                    shared.halfSent.share()));
          }
        });
  }

  /** Makes sockets whose frames are counted while they come in. */
  private static final class Handshaker extends WebSocketServerHandshaker13 {
    private final ByteBudget halfSent;

    Handshaker(WebSocketDecoderConfig config, ByteBudget halfSent) {
      super("", FrameFormat.SUBPROTOCOLS, config);
      this.halfSent = halfSent;
    }

    @Override
    protected WebSocketFrameDecoder newWebsocketDecoder() {
      return new CountedFrameDecoder(decoderConfig(), halfSent.share());
    }
  }

  /** Null: none came. A browser cannot set headers for a socket: there it comes as a subprotocol that nobody chooses. */
  private static @Nullable String token(@Nullable String authorization, List<String> offered) {
    for (String each : offered) {
      if (each.startsWith(TOKEN_PROTOCOL)) {
        return each.substring(TOKEN_PROTOCOL.length());
      }
    }
    return authorization != null && authorization.startsWith(BEARER) ? authorization.substring(BEARER.length()) : null;
  }

  private void becomeSocket(ChannelHandlerContext ctx, SocketBridge bridge) {
    GatewaySettings.SocketLimits limits = shared.settings.socket();
    ctx.pipeline().remove(RequestTimer.class);
    ctx.pipeline()
        .addBefore(
            ctx.name(),
            "idle",
            new IdleStateHandler(
                true, limits.ping().toMillis(), limits.stall().toMillis(), 0, TimeUnit.MILLISECONDS));
    ctx.pipeline().replace(this, "bridge", bridge);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (!(cause instanceof IOException)) {
      LOG.error("a connection failed", cause);
    }
    ctx.close();
  }
}
