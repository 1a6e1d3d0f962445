package dev.parley.gateway;

import dev.parley.v1.ErrorReason;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;

/**
 * Requests with their bodies. One whose body is too large is refused as calls are, and so is one for whose body there is
 * no room beside those of all others.
 */
final class WholeRequests extends HttpObjectAggregator {
  private final int limit;
  private final ByteBudget.Share held;
  private long received;
  private boolean refused;

  /**
   * For one connection.
   *
   * @param limit the largest body, in bytes
   * @param held what has come of a body that is not whole
   */
  WholeRequests(int limit, ByteBudget.Share held) {
    super(limit);
    this.limit = limit;
    this.held = held;
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, HttpObject part, List<Object> out) throws Exception {
    if (refused) {
      return;
    }
    if (part instanceof HttpContent content) {
      received += content.content().readableBytes();
      if (!held.hold(received)) {
        refused = true;
        releaseCurrentMessage();
        ConnectError.of(ErrorReason.ERROR_REASON_OVERLOADED, "too many requests are coming in")
            .sendEarly(ctx.channel());
        return;
      }
    }
    super.decode(ctx, part, out);
    if (part instanceof LastHttpContent) {
      received = 0;
      held.hold(0);
    }
  }

  @Override
  protected void handleOversizedMessage(ChannelHandlerContext ctx, HttpMessage oversized) {
    ConnectError.of(ErrorReason.ERROR_REASON_TOO_LARGE, "the body is larger than " + limit + " bytes")
        .sendEarly(ctx.channel());
    refused = true;
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) throws Exception {
    held.close();
    super.handlerRemoved(ctx);
  }
}
