package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.Wakes;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Notices as plain messages, a subject per user. One subscription per user that is listened to, however many listen. */
final class JetStreamWakes implements Wakes {
  private static final Logger LOG = LoggerFactory.getLogger(JetStreamWakes.class);

  private final BrokerLink link;
  private final Dispatcher dispatcher;
  private final Map<String, List<Listening>> bySubject = new ConcurrentHashMap<>();

  JetStreamWakes(BrokerLink link) {
    this.link = link;
    this.dispatcher = link.connection().createDispatcher(this::heard);
  }

  @Override
  public void wake(String userId, byte[] notice) {
    if (notice.length > MAX_NOTICE_BYTES) {
      throw new IllegalArgumentException("a notice of " + notice.length + " bytes");
    }
    try {
      link.connection().publish(StreamNames.wakes(userId), notice);
    } catch (IllegalStateException notConnected) {
      LOG.debug("a notice was lost", notConnected);
    }
  }

  @Override
  public Subscription listen(String userId, Consumer<byte[]> listener) {
    Listening listening = new Listening(StreamNames.wakes(userId), listener);
    bySubject.compute(listening.subject, (subject, there) -> {
      List<Listening> all = there == null ? new CopyOnWriteArrayList<>() : there;
      if (all.isEmpty()) {
        subscribe(subject);
      }
      all.add(listening);
      return all;
    });
    return listening;
  }

  private void subscribe(String subject) {
    try {
      dispatcher.subscribe(subject);
    } catch (IllegalStateException closed) {
      LOG.debug("nothing is heard any more", closed);
    }
  }

  private void unsubscribe(String subject) {
    try {
      dispatcher.unsubscribe(subject);
    } catch (IllegalStateException closed) {
      LOG.debug("nothing was heard any more", closed);
    }
  }

  private void heard(Message message) {
    for (Listening listening : bySubject.getOrDefault(message.getSubject(), List.of())) {
      try {
        listening.listener.accept(message.getData());
      } catch (RuntimeException e) {
        LOG.error("a listener failed on a notice", e);
      }
    }
  }

  private final class Listening implements Subscription {
    private final String subject;
    private final Consumer<byte[]> listener;

    Listening(String subject, Consumer<byte[]> listener) {
      this.subject = subject;
      this.listener = listener;
    }

    @Override
    public void close() {
      bySubject.computeIfPresent(subject, (same, all) -> {
        if (!all.remove(this) || !all.isEmpty()) {
          return all;
        }
        unsubscribe(subject);
        return null;
      });
    }
  }
}
