package dev.parley.dispatcher.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.Table;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.dispatcher.webhook.Pending.Delivery;
import dev.parley.internal.v1.StoredWebhook;
import dev.parley.v1.Webhook;
import dev.parley.v1.WebhookFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A reader over a log whose readers are behind, or lack something, and a table whose answers are lost. */
class WebhookReaderTest implements WebhookReader.Listener {
  private static final Instant START = Rig.START;

  private final MemoryBroker broker = new MemoryBroker(new Layout(1, 64, 1));
  private final WrittenLog log = new WrittenLog(broker.shard(0));
  private final Set<Long> hidden = new HashSet<>();
  private final ArrayDeque<Runnable> loop = new ArrayDeque<>();
  private final LossyTable cursors = new LossyTable(broker.table(TableName.WEBHOOK_CURSORS));
  private final WebhookReader reader =
      new WebhookReader(
          0,
          new LaggingLog(broker.shard(0), hidden),
          new ShardTail(broker.shard(0), Duration.ofMillis(500)),
          StoredWebhook.newBuilder().setWebhook(Webhook.newBuilder().setWebhookId("w")).setEpoch(1).build(),
          new ShardCursor(cursors, "w", 0, loop::addLast),
          Rig.SETTINGS,
          loop::addLast,
          this);
  private Instant now = START;

  /** Lacks what is hidden, and nothing else. */
  private record LaggingLog(ShardLog log, Set<Long> hidden) implements ShardLog {
    @Override
    public CompletableFuture<List<@Nullable StoredRecord>> read(long[] positions) {
      return log.read(positions).thenApply(records -> {
        List<@Nullable StoredRecord> seen = new ArrayList<>(records);
        for (int i = 0; i < positions.length; i++) {
          if (hidden.contains(positions[i])) {
            seen.set(i, null);
          }
        }
        return seen;
      });
    }

    @Override
    public CompletableFuture<Tail> tail() {
      return log.tail();
    }

    @Override
    public CompletableFuture<Long> append(String key, byte[] record, long expectedLast) {
      return log.append(key, record, expectedLast);
    }

    @Override
    public CompletableFuture<@Nullable StoredRecord> last(String key) {
      return log.last(key);
    }

    @Override
    public CompletableFuture<@Nullable StoredRecord> lastUpTo(String key, long position) {
      return log.lastUpTo(key, position);
    }

    @Override
    public CompletableFuture<Void> replace(long position, byte[] cut) {
      return log.replace(position, cut);
    }

    @Override
    public CompletableFuture<Void> trim(long firstKept) {
      return log.trim(firstKept);
    }
  }

  /** Stores what it is given, and may lose the answer. */
  private static final class LossyTable implements Table {
    private final Table table;
    boolean losesAnswers;

    LossyTable(Table table) {
      this.table = table;
    }

    @Override
    public CompletableFuture<@Nullable Entry> get(String key) {
      return table.get(key);
    }

    @Override
    public CompletableFuture<Long> put(String key, byte[] value, long expectedRevision) {
      CompletableFuture<Long> stored = table.put(key, value, expectedRevision);
      return losesAnswers
          ? CompletableFuture.failedFuture(new LogException(LogException.Kind.UNKNOWN, "no answer"))
          : stored;
    }

    @Override
    public CompletableFuture<Void> watch(BiConsumer<String, Entry> listener) {
      return table.watch(listener);
    }
  }

  @Override
  public void ready() {}

  @Override
  public boolean isFailing() {
    return false;
  }

  @Override
  public @Nullable WebhookFailure failure(@Nullable Instant oldest) {
    return null;
  }

  private void pass(Duration time) {
    now = now.plus(time);
    reader.tick(now);
    Runnable task;
    while ((task = loop.pollFirst()) != null) {
      task.run();
    }
  }

  /** Takes everything that may be delivered; the positions. */
  private List<Long> deliver() {
    List<Long> positions = new ArrayList<>();
    for (Delivery delivery = reader.next(); delivery != null; delivery = reader.next()) {
      positions.add(delivery.entry().position);
      reader.succeeded(delivery, now);
    }
    return positions;
  }

  private void messages(int count) {
    for (int i = 0; i < count; i++) {
      log.messages("c1", START.plusSeconds(1), "m" + i);
    }
  }

  @Test
  void whatAReaderThatIsBehindLacksIsAskedForAgain() {
    messages(5);
    hidden.add(3L);
    pass(Duration.ZERO);
    assertThat(deliver()).containsExactly(1L, 2L);
    pass(Duration.ofMillis(200));
    pass(Duration.ofMillis(200));
    assertThat(deliver()).isEmpty();
    hidden.clear();
    pass(Duration.ofMillis(200));
    assertThat(deliver()).containsExactly(3L, 4L, 5L);
  }

  @Test
  void whatIsNotThereIsPassedOverAfterSomeTime() {
    messages(6);
    hidden.addAll(List.of(2L, 3L, 5L));
    pass(Duration.ZERO);
    List<Long> delivered = new ArrayList<>(deliver());
    for (int i = 0; i < 20; i++) {
      pass(Duration.ofMillis(200));
      delivered.addAll(deliver());
    }
    assertThat(delivered).containsExactly(1L, 4L, 6L);
    assertThat(reader.position()).isEqualTo(6);
  }

  @Test
  void theEndOfTheLogIsNeverPassedOver() {
    messages(3);
    hidden.add(3L);
    pass(Duration.ZERO);
    for (int i = 0; i < 50; i++) {
      pass(Duration.ofMillis(200));
    }
    assertThat(deliver()).containsExactly(1L, 2L);
    assertThat(reader.position()).isEqualTo(2);
    hidden.clear();
    pass(Duration.ofMillis(200));
    assertThat(deliver()).containsExactly(3L);
  }

  @Test
  void aCursorWhoseAnswerWasLostIsStillOurs() {
    messages(2);
    pass(Duration.ZERO);
    deliver();
    cursors.losesAnswers = true;
    pass(Duration.ofSeconds(1));
    cursors.losesAnswers = false;
    pass(Duration.ofSeconds(1));
    messages(1);
    pass(Duration.ofSeconds(1));
    assertThat(deliver()).containsExactly(3L);
    pass(Duration.ofSeconds(1));
    assertThat(ShardCursor.parse(cursors.get(ShardCursor.key("w", 0)).join()).getPosition()).isEqualTo(3);
  }
}
