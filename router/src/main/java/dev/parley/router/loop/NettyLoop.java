package dev.parley.router.loop;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An event loop of the transport. A fault in one task is logged and keeps no other from running. */
public final class NettyLoop implements Loop {
  private static final Logger LOG = LoggerFactory.getLogger(NettyLoop.class);

  private final EventLoop loop;

  /** This event loop, which somebody else ends. */
  public NettyLoop(EventLoop loop) {
    this.loop = loop;
  }

  @Override
  public boolean inLoop() {
    return loop.inEventLoop();
  }

  /** What comes after the loop's end is dropped: there is nobody left whom it concerns. */
  @Override
  public void execute(Runnable task) {
    try {
      loop.execute(guarded(task));
    } catch (RejectedExecutionException e) {
      dropped(e);
    }
  }

  @Override
  public void after(Duration delay, Runnable task) {
    try {
      loop.schedule(guarded(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      dropped(e);
    }
  }

  private void dropped(RejectedExecutionException why) {
    if (!loop.isShuttingDown()) {
      throw why;
    }
    LOG.debug("a task came after the end of its event loop", why);
  }

  private static Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException e) {
        LOG.error("a fault on an event loop", e);
      }
    };
  }
}
