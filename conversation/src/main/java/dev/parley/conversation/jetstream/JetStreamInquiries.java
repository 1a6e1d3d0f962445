package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.Inquiries;
import dev.parley.conversation.log.Wakes.Subscription;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import io.nats.client.impl.Headers;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
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

  private static final String ANSWERER = "Parley-Answerer";
  private static final String LAST = "Parley-Last";

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
  private record Open(
      int awaited,
      Map<String, ByteArrayOutputStream> begun,
      List<byte[]> answers,
      CompletableFuture<List<byte[]>> done) {
    static Open of(int awaited) {
      return new Open(awaited, new HashMap<>(), new ArrayList<>(), new CompletableFuture<>());
    }

    /** The parts of one answerer come in its order. */
    synchronized void add(String answerer, boolean last, byte[] part) {
      ByteArrayOutputStream answer = begun.computeIfAbsent(answerer, one -> new ByteArrayOutputStream());
      answer.writeBytes(part);
      if (last) {
        begun.remove(answerer);
        answers.add(answer.toByteArray());
      }
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
    Open asked = Open.of(answers);
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
    Headers headers = message.getHeaders();
    String answerer = headers == null ? null : headers.getFirst(ANSWERER);
    if (asked != null && headers != null && answerer != null) {
      asked.add(answerer, headers.containsKey(LAST), message.getData());
    }
  }

  @Override
  public Subscription answer(Function<byte[], CompletableFuture<List<byte[]>>> answerer) {
    String name = UUID.randomUUID().toString();
    Dispatcher dispatcher = link.connection().createDispatcher(message -> answer(message, name, answerer));
    dispatcher.subscribe(StreamNames.INQUIRIES);
    return () -> {
      try {
        link.connection().closeDispatcher(dispatcher);
      } catch (IllegalStateException closed) {
        LOG.debug("nothing was heard any more", closed);
      }
    };
  }

  private void answer(Message message, String name, Function<byte[], CompletableFuture<List<byte[]>>> answerer) {
    try {
      answerer.apply(message.getData()).whenComplete((parts, failure) -> {
        if (failure == null) {
          send(message, name, parts);
        } else {
          LOG.error("a question could not be answered", failure);
        }
      });
    } catch (RuntimeException e) {
      LOG.error("a question could not be answered", e);
    }
  }

  private void send(Message message, String name, List<byte[]> parts) {
    try {
      for (int i = 0; i < parts.size(); i++) {
        Headers headers = new Headers().put(ANSWERER, name);
        if (i == parts.size() - 1) {
          headers.put(LAST, "");
        }
        link.connection().publish(message.getReplyTo(), headers, parts.get(i));
      }
    } catch (IllegalStateException notConnected) {
      LOG.debug("an answer was lost", notConnected);
    }
  }
}
