package dev.parley.gateway;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import io.netty.handler.timeout.IdleStateHandler;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is asked over HTTP on one connection, one request at a time: health, the page, calls, and the handshake that
 * makes a socket of the connection. Runs on the connection's event loop.
 */
final class HttpFront extends SimpleChannelInboundHandler<FullHttpRequest> {
  private static final Logger LOG = LoggerFactory.getLogger(HttpFront.class);

  private static final String BEARER = "Bearer ";
  private static final String TOKEN_PROTOCOL = "parley.token.";

  private final Shared shared;

  /**
   * What all connections share.
   *
   * @param ready whether this gateway takes new work
   */
  record Shared(
      GatewaySettings settings,
      StaticFiles files,
      UnaryCalls calls,
      Upstreams routers,
      Set<SocketBridge> sockets,
      BooleanSupplier ready) {}

  HttpFront(Shared shared) {
    this.shared = shared;
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
      shared.calls.call(path, request, ctx.executor(), answer -> answer(ctx, answer, keepAlive, true));
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

  private static void unreadable(ChannelHandlerContext ctx, Throwable cause) {
    HttpResponseStatus status =
        cause instanceof TooLongHttpHeaderException ? HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            : cause instanceof TooLongHttpLineException ? HttpResponseStatus.REQUEST_URI_TOO_LONG
                : HttpResponseStatus.BAD_REQUEST;
    HttpAnswer.text(status, "this request cannot be read").send(ctx.channel(), false, true);
  }

  private static void answer(ChannelHandlerContext ctx, FullHttpRequest request, HttpAnswer answer) {
    answer(ctx, answer, HttpUtil.isKeepAlive(request), !request.method().equals(HttpMethod.HEAD));
  }

  private static void answer(ChannelHandlerContext ctx, HttpAnswer answer, boolean keepAlive, boolean withBody) {
    if (!ctx.channel().isActive()) {
      return;
    }
    answer.send(ctx.channel(), keepAlive, withBody);
    if (keepAlive) {
      timer(ctx).answered(ctx);
      ctx.channel().config().setAutoRead(true);
    }
  }

  private void handshake(ChannelHandlerContext ctx, FullHttpRequest request) {
    WebSocketDecoderConfig config =
        WebSocketDecoderConfig.newBuilder()
            .maxFramePayloadLength(shared.settings.socket().messageBytes())
            .allowExtensions(false)
            .closeOnProtocolViolation(false)
            .build();
    WebSocketServerHandshaker handshaker =
        new WebSocketServerHandshakerFactory("", FrameFormat.SUBPROTOCOLS, config).newHandshaker(request);
    if (!HeaderLists.upgradesToWebSocket(request.headers()) || handshaker == null) {
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
            becomeSocket(ctx, new SocketBridge(shared.settings.socket(), format, token, shared.routers, shared.sockets));
          }
        });
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
