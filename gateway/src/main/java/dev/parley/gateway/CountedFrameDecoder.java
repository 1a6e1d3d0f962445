package dev.parley.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.util.ReferenceCountUtil;

/** Frames of a socket. The memory of a frame that has not come whole is counted; the socket is told when it is too much. */
final class CountedFrameDecoder extends WebSocket13FrameDecoder {
  private final ByteBudget.Share held;
  private boolean full;

  /** The event that says so. What comes after it is dropped. */
  enum NoRoom {
    /** The only one. */
    EVENT
  }

  CountedFrameDecoder(WebSocketDecoderConfig config, ByteBudget.Share held) {
    super(config);
    this.held = held;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object bytes) throws Exception {
    if (full) {
      ReferenceCountUtil.release(bytes);
      return;
    }
    super.channelRead(ctx, bytes);
    // The capacity, since a buffer with one byte in it takes as much memory as a full one.
    if (!held.hold(internalBuffer().capacity())) {
      full = true;
      ctx.fireUserEventTriggered(NoRoom.EVENT);
    }
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext ctx) throws Exception {
    held.close();
    super.handlerRemoved0(ctx);
  }
}
