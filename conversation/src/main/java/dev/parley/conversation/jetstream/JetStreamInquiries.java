package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.Inquiries;
import dev.parley.conversation.log.Wakes.Subscription;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Questions as plain requests that all routers hear, whose answers come to one inbox. */
final class JetStreamInquiries implements Inquiries {
  private static final Logger LOG = LoggerFactory.getLogger(JetStreamInquiries.class);

  private final BrokerLink link;
  private final String inbox;
  private final Map<Long, Open> open = new ConcurrentHashMap<>();
  private final AtomicLong numbers = new AtomicLong();

  JetStreamInquiries(BrokerLink link) {
    this.link = link;
    this.inbox = link.connection().createInbox();
    link.connection().createDispatcher(this::answered).subscribe(inbox + ".*");
  }

  /** A question that waits for answers. */
  private record Open(int awaited, List<byte[]> answers, CompletableFuture<List<byte[]>> done) {
    synchronized void add(byte[] answer) {
      answers.add(answer);
      if (answers.size() >= awaited) {
        end();
      }
    }

    synchronized void end() {
      done.complete(List.copyOf(answers));
    }
  }

  @Override
  public CompletableFuture<List<byte[]>> ask(byte[] question, int answers, Duration limit) {
    if (question.length > MAX_BYTES) {
      throw new IllegalArgumentException("a question of " + question.length + " bytes");
    }
    if (answers < 1) {
      return CompletableFuture.completedFuture(List.of());
    }
    long number = numbers.incrementAndGet();
    Open asked = new Open(answers, new ArrayList<>(), new CompletableFuture<>());
    open.put(number, asked);
    try {
      link.connection().publish(StreamNames.INQUIRIES, inbox + "." + number, question);
      CompletableFuture.delayedExecutor(limit.toMillis(), TimeUnit.MILLISECONDS).execute(asked::end);
    } catch (IllegalStateException notConnected) {
      LOG.debug("nobody can be asked", notConnected);
      asked.end();
    }
    return asked.done.whenComplete((all, never) -> open.remove(number));
  }

  private void answered(Message message) {
    String subject = message.getSubject();
    Open asked = open.get(Long.parseLong(subject, inbox.length() + 1, subject.length(), 10));
    if (asked != null) {
      asked.add(message.getData());
    }
  }

  @Override
  public Subscription answer(Function<byte[], byte[]> answerer) {
    Dispatcher dispatcher = link.connection().createDispatcher(message -> answer(message, answerer));
    dispatcher.subscribe(StreamNames.INQUIRIES);
    return () -> {
      try {
        link.connection().closeDispatcher(dispatcher);
      } catch (IllegalStateException closed) {
        LOG.debug("nothing was heard any more", closed);
      }
    };
  }

  private void answer(Message message, Function<byte[], byte[]> answerer) {
    try {
      byte[] answer = answerer.apply(message.getData());
      if (answer.length <= MAX_BYTES) {
        link.connection().publish(message.getReplyTo(), answer);
      }
    } catch (IllegalStateException notConnected) {
      LOG.debug("an answer was lost", notConnected);
    } catch (RuntimeException e) {
      LOG.error("a question could not be answered", e);
    }
  }
}
