package dev.parley.conversation.log.memory;

import dev.parley.conversation.log.Inquiries;
import dev.parley.conversation.log.Wakes.Subscription;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Questions by plain calls: answered before {@link #ask} returns, if those who are asked answer at once. */
final class MemoryInquiries implements Inquiries {
  private final MemoryBroker broker;
  private final List<Function<byte[], CompletableFuture<List<byte[]>>>> answerers = new CopyOnWriteArrayList<>();

  MemoryInquiries(MemoryBroker broker) {
    this.broker = broker;
  }

  @Override
  public CompletableFuture<List<byte[]>> ask(byte[] question, int answers, Duration limit) {
    if (question.length > MAX_BYTES) {
      throw new IllegalArgumentException("a question of " + question.length + " bytes");
    }
    if (!broker.connected() || answers < 1) {
      return CompletableFuture.completedFuture(List.of());
    }
    List<CompletableFuture<List<byte[]>>> asked =
        answerers.stream().map(answerer -> inTime(answerer.apply(question), limit)).toList();
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(
            done ->
                asked.stream()
                    .map(CompletableFuture::join)
                    .filter(parts -> !parts.isEmpty())
                    .map(MemoryInquiries::joined)
                    .limit(answers)
                    .toList());
  }

  private static CompletableFuture<List<byte[]>> inTime(CompletableFuture<List<byte[]>> answer, Duration limit) {
    return answer
        .copy()
        .completeOnTimeout(List.of(), limit.toMillis(), TimeUnit.MILLISECONDS)
        .exceptionally(failure -> List.of());
  }

  @Override
  public Subscription answer(Function<byte[], CompletableFuture<List<byte[]>>> answerer) {
    answerers.add(answerer);
    return () -> answerers.remove(answerer);
  }

  private static byte[] joined(List<byte[]> parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    parts.forEach(all::writeBytes);
    return all.toByteArray();
  }
}
