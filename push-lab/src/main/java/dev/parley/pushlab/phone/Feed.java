package dev.parley.pushlab.phone;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Tells each push to whoever listens, as one JSON object. Thread-safe. */
public final class Feed {
  private static final int WAITING = 4_096;

  private final Set<Listener> listeners = ConcurrentHashMap.newKeySet();

  /** Somebody who hears every push from its opening on, until it is too slow. */
  public final class Listener implements AutoCloseable {
    private final BlockingQueue<String> waiting = new ArrayBlockingQueue<>(WAITING);
    private volatile boolean slow;

    /** The next push; null: none came within so many milliseconds. */
    public @Nullable String next(long millis) throws InterruptedException {
      return waiting.poll(millis, TimeUnit.MILLISECONDS);
    }

    /** Whether it was dropped, since it took less than came. */
    public boolean isSlow() {
      return slow;
    }

    @Override
    public void close() {
      listeners.remove(this);
    }
  }

  /** Listens from now on. */
  public Listener listen() {
    Listener listener = new Listener();
    listeners.add(listener);
    return listener;
  }

  void publish(Phone phone, Received push) {
    if (listeners.isEmpty()) {
      return;
    }
    String json = JSONObjectUtils.toJSONString(push.json(phone.name(), phone.kind().provider()));
    for (Listener listener : listeners) {
      if (!listener.waiting.offer(json)) {
        listener.slow = true;
        listeners.remove(listener);
      }
    }
  }
}
