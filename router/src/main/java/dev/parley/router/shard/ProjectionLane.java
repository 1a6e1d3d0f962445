package dev.parley.router.shard;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One kind of thing that follows from records, done for one record after the other, and again until the broker takes
 * it. Belongs to the shard's thread.
 */
final class ProjectionLane {
  private static final Logger LOG = LoggerFactory.getLogger(ProjectionLane.class);
  private static final Duration RETRY = Duration.ofMillis(200);

  private final String name;
  private final ShardContext context;
  private final Function<CommittedRecord, CompletableFuture<Void>> projection;
  /** In order of positions; the first one is being worked on while {@code working}. */
  private final ArrayDeque<CommittedRecord> pending = new ArrayDeque<>();
  private final List<Waiting> waiting = new ArrayList<>();
  private boolean open;
  private boolean working;
  private boolean closed;

  private record Waiting(long position, CompletableFuture<Void> reached) {}

  ProjectionLane(
      String name, ShardContext context, Function<CommittedRecord, CompletableFuture<Void>> projection) {
    this.name = name;
    this.context = context;
    this.projection = projection;
  }

  /** Takes a record, whose position is above all others. */
  void add(CommittedRecord record) {
    pending.addLast(record);
    work();
  }

  /** Begins to work, with these records, which lie before all others. */
  void open(List<CommittedRecord> missed) {
    for (CommittedRecord record : missed.reversed()) {
      pending.addFirst(record);
    }
    open = true;
    work();
  }

  /** Everything up to here is done, given that {@code newest} is the newest position there is. */
  long doneUpTo(long newest) {
    return pending.isEmpty() ? newest : pending.peekFirst().position() - 1;
  }

  /** Completed when the records that are pending now and match are done. */
  CompletableFuture<Void> after(Predicate<CommittedRecord> matching) {
    long last = 0;
    for (CommittedRecord record : pending) {
      if (matching.test(record)) {
        last = record.position();
      }
    }
    if (last == 0) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<Void> reached = new CompletableFuture<>();
    waiting.add(new Waiting(last, reached));
    return reached;
  }

  private void work() {
    if (working || closed || !open || pending.isEmpty()) {
      return;
    }
    working = true;
    CommittedRecord record = pending.peekFirst();
    projection
        .apply(record)
        .whenComplete(Completion.seen(
            (done, failure) -> {
              working = false;
              if (failure == null) {
                pending.removeFirst();
                tellWaiting(record.position());
                work();
              } else {
                LOG.info(
                    "shard {}: {} of position {} wait for the broker",
                    context.shard(),
                    name,
                    record.position(),
                    failure);
                context.timer().after(RETRY, this::work);
              }
            }));
  }

  /** What is not done is left. */
  void close() {
    closed = true;
  }

  private void tellWaiting(long position) {
    List<Waiting> reached = waiting.stream().filter(one -> one.position <= position).toList();
    waiting.removeAll(reached);
    reached.forEach(one -> one.reached.complete(null));
  }
}
