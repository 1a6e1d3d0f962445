package dev.parley.router.loop;

import io.netty.channel.EventLoop;
import java.time.Duration;
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

  @Override
  public void execute(Runnable task) {
    loop.execute(guarded(task));
  }

  @Override
  public void after(Duration delay, Runnable task) {
    if (!loop.isShuttingDown()) {
      loop.schedule(guarded(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    }
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
