package dev.parley.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;

/**
 * Gives a connection to a router a window that holds a thousand of its calls' windows. gRPC gives the connection the same
 * window as each call, and takes nothing off it for a call whose messages nobody asks for: one socket that does not read
 * would stop all sockets that share the connection.
 */
final class ConnectionWindow extends ChannelInboundHandlerAdapter {
  private static final int BYTES = 64 << 20;

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) throws Http2Exception {
    ctx.fireChannelRead(message);
    // After the first bytes of the other side the connection is set up.
    Http2ConnectionHandler http2 = ctx.pipeline().get(Http2ConnectionHandler.class);
    if (http2 != null) {
      Http2Connection connection = http2.connection();
      connection.local().flowController().incrementWindowSize(connection.connectionStream(), BYTES);
      ctx.pipeline().remove(this);
      http2.flush(ctx.pipeline().context(http2));
    }
  }
}
