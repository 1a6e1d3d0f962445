package dev.parley.conversation.log.memory;

import dev.parley.conversation.log.Wakes;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Notices by plain calls: heard before {@link #wake} returns. */
final class MemoryWakes implements Wakes {
  private final MemoryBroker broker;
  private final Map<String, List<Listening>> byUser = new ConcurrentHashMap<>();

  MemoryWakes(MemoryBroker broker) {
    this.broker = broker;
  }

  @Override
  public void wake(String userId, byte[] notice) {
    if (notice.length > MAX_NOTICE_BYTES) {
      throw new IllegalArgumentException("a notice of " + notice.length + " bytes");
    }
    if (broker.connected()) {
      byUser.getOrDefault(userId, List.of()).forEach(listening -> listening.listener.accept(notice));
    }
  }

  @Override
  public Subscription listen(String userId, Consumer<byte[]> listener) {
    Listening listening = new Listening(userId, listener);
    byUser.compute(userId, (user, there) -> {
      List<Listening> all = there == null ? new CopyOnWriteArrayList<>() : there;
      all.add(listening);
      return all;
    });
    return listening;
  }

  private final class Listening implements Subscription {
    private final String userId;
    private final Consumer<byte[]> listener;

    Listening(String userId, Consumer<byte[]> listener) {
      this.userId = userId;
      this.listener = listener;
    }

    @Override
    public void close() {
      byUser.computeIfPresent(userId, (user, all) -> {
        all.remove(this);
        return all.isEmpty() ? null : all;
      });
    }
  }
}
