package dev.parley.sdk;

import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs the inputs of one session on its event loop, one after the other and never within one another. What comes on the
 * loop itself runs at once unless earlier inputs still wait; what comes from other threads is handed to the loop.
 */
final class SerialLoop {
  private final EventLoop loop;
  private final AtomicInteger handedOver = new AtomicInteger();
  /** Inputs that came while another one ran. Touched on the loop only. */
  private final ArrayDeque<Runnable> nested = new ArrayDeque<>();

  private boolean running;

  SerialLoop(EventLoop loop) {
    this.loop = loop;
  }

  void execute(Runnable input) {
    if (!loop.inEventLoop()) {
      handOver(input);
    } else if (running) {
      nested.addLast(input);
    } else if (handedOver.get() > 0) {
      handOver(input);
    } else {
      run(input);
    }
  }

  /** Runs {@code input} on the loop after a delay. */
  void schedule(Runnable input, long delayMillis) {
    loop.schedule(() -> execute(input), delayMillis, TimeUnit.MILLISECONDS);
  }

  private void handOver(Runnable input) {
    handedOver.incrementAndGet();
    loop.execute(() -> {
      handedOver.decrementAndGet();
      run(input);
    });
  }

  private void run(Runnable input) {
    running = true;
    try {
      Runnable step = input;
      while (step != null) {
        step.run();
        step = nested.pollFirst();
      }
    } finally {
      running = false;
    }
  }
}
