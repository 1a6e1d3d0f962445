package dev.parley.pushlab.phone;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.util.List;
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

  /** Somebody who hears every push to some phones from its opening on, until it is too slow. */
  public final class Listener implements AutoCloseable {
    private final String prefix;
    private final BlockingQueue<String> waiting = new ArrayBlockingQueue<>(WAITING);
    private volatile boolean slow;

    private Listener(String prefix) {
      this.prefix = prefix;
    }

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

  /**
   * Listens from now on.
   *
   * @param prefix with what the names of the phones begin; empty: all phones
   */
  public Listener listen(String prefix) {
    Listener listener = new Listener(prefix);
    listeners.add(listener);
    return listener;
  }

  void publish(Phone phone, Received push) {
    List<Listener> interested =
        listeners.stream().filter(listener -> phone.name().startsWith(listener.prefix)).toList();
    if (interested.isEmpty()) {
      return;
    }
    String json = JSONObjectUtils.toJSONString(push.json(phone.name(), phone.kind().provider()));
    for (Listener listener : interested) {
      if (!listener.waiting.offer(json)) {
        listener.slow = true;
        listeners.remove(listener);
      }
    }
  }
}
