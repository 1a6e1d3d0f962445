package dev.parley.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection whose request does not become complete in time, however slowly it trickles in, one that does not
 * take its answer in time, and one on which nothing is asked for long. Stands before everything that understands bytes.
 */
final class RequestTimer extends ChannelInboundHandlerAdapter {
  private final Duration requestTimeout;
  private final Duration answerTimeout;
  private final Duration idleTimeout;
  private boolean receiving;
  private @Nullable Future<?> deadline;

  RequestTimer(GatewaySettings.HttpLimits limits) {
    this.requestTimeout = limits.requestTimeout();
    this.answerTimeout = limits.answerTimeout();
    this.idleTimeout = limits.idleTimeout();
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    // A new connection is made for a request.
    within(ctx, requestTimeout);
    ctx.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object bytes) {
    if (!receiving) {
      receiving = true;
      within(ctx, requestTimeout);
    }
    ctx.fireChannelRead(bytes);
  }

  /** The request is complete: no time runs until there is an answer. */
  void complete() {
    receiving = false;
    stop();
  }

  /** The answer is there, and to be taken. */
  void answering(ChannelHandlerContext ctx) {
    within(ctx, answerTimeout);
  }

  /** The answer is written: the next request may take its time to begin. */
  void answered(ChannelHandlerContext ctx) {
    within(ctx, receiving ? requestTimeout : idleTimeout);
  }

  private void within(ChannelHandlerContext ctx, Duration time) {
    stop();
    deadline = ctx.executor().schedule(() -> ctx.close(), time.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void stop() {
    if (deadline != null) {
      deadline.cancel(false);
    }
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    stop();
  }
}
