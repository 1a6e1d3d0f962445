package dev.parley.conversation.log.memory;

import dev.parley.conversation.log.Inquiries;
import dev.parley.conversation.log.Wakes.Subscription;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/** Questions by plain calls: answered before {@link #ask} returns. */
final class MemoryInquiries implements Inquiries {
  private final MemoryBroker broker;
  private final List<Function<byte[], List<byte[]>>> answerers = new CopyOnWriteArrayList<>();

  MemoryInquiries(MemoryBroker broker) {
    this.broker = broker;
  }

  @Override
  public CompletableFuture<List<byte[]>> ask(byte[] question, int answers, Duration limit) {
    if (question.length > MAX_BYTES) {
      throw new IllegalArgumentException("a question of " + question.length + " bytes");
    }
    return CompletableFuture.completedFuture(
        broker.connected()
            ? answerers.stream()
                .map(answerer -> joined(answerer.apply(question)))
                .limit(Math.max(0, answers))
                .toList()
            : List.of());
  }

  @Override
  public Subscription answer(Function<byte[], List<byte[]>> answerer) {
    answerers.add(answerer);
    return () -> answerers.remove(answerer);
  }

  private static byte[] joined(List<byte[]> parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    parts.forEach(all::writeBytes);
    return all.toByteArray();
  }
}
