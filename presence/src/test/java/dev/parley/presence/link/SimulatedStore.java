package dev.parley.presence.link;

import dev.parley.presence.store.Change;
import dev.parley.presence.store.Leases;
import dev.parley.presence.store.MemoryPresenceStore;
import dev.parley.presence.store.PresenceStore;
import dev.parley.presence.store.PresenceStoreException;
import dev.parley.presence.store.SubjectKey;
import dev.parley.presence.store.TermId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One instance's way to a store that is shared: calls, answers and messages travel for a while, and may be lost or late. */
final class SimulatedStore implements PresenceStore {
  private final MemoryPresenceStore shared;
  private final Random random;
  private final ArrayDeque<Call> calls = new ArrayDeque<>();
  private final ArrayDeque<Runnable> answers = new ArrayDeque<>();
  private final ArrayDeque<Runnable> messages = new ArrayDeque<>();
  private final List<Runnable> late = new ArrayList<>();
  private final List<CompletableFuture<?>> pending = new ArrayList<>();
  private @Nullable Listener listener;
  private boolean down;

  /** How many of a hundred calls get lost. */
  private int losses;

  private record Call(Runnable takePlace, Runnable late) {}

  SimulatedStore(MemoryPresenceStore shared, Random random) {
    this.shared = shared;
    this.random = random;
  }

  void losses(int ofHundred) {
    losses = ofHundred;
  }

  @Override
  public void open(Listener to) {
    listener = to;
    shared.open(
        new Listener() {
          @Override
          public void up() {
            to.up();
          }

          @Override
          public void down() {}

          @Override
          public boolean wants(SubjectKey subject) {
            return to.wants(subject);
          }

          @Override
          public void changed(TermId term, List<Change> changes) {
            if (!down) {
              messages.add(() -> to.changed(term, changes));
            }
          }
        });
  }

  /** Some call, answer or message arrives; false: nothing travels. */
  boolean step() {
    List<ArrayDeque<?>> travelling = new ArrayList<>();
    for (ArrayDeque<?> queue : List.of(calls, answers, messages)) {
      if (!queue.isEmpty()) {
        travelling.add(queue);
      }
    }
    if (!late.isEmpty() && random.nextInt(10) == 0) {
      late.removeFirst().run();
      return true;
    }
    if (travelling.isEmpty()) {
      return false;
    }
    Object next = travelling.get(random.nextInt(travelling.size())).removeFirst();
    if (next instanceof Call call) {
      call.takePlace().run();
    } else {
      ((Runnable) next).run();
    }
    return true;
  }

  void goDown() {
    if (down || listener == null) {
      return;
    }
    down = true;
    calls.stream().filter(call -> random.nextBoolean()).forEach(call -> late.add(call.late()));
    calls.clear();
    answers.clear();
    messages.clear();
    List<CompletableFuture<?>> all = List.copyOf(pending);
    pending.clear();
    all.forEach(future -> future.completeExceptionally(new PresenceStoreException("the connection broke")));
    listener.down();
  }

  void comeUp() {
    if (down && listener != null) {
      down = false;
      listener.up();
    }
  }

  /** What was late takes place now at the latest. */
  void hurry() {
    late.forEach(Runnable::run);
    late.clear();
  }

  private <T> CompletableFuture<T> travel(Supplier<CompletableFuture<T>> call) {
    return travel(call, answers);
  }

  private <T> CompletableFuture<T> travel(Supplier<CompletableFuture<T>> call, ArrayDeque<Runnable> back) {
    CompletableFuture<T> future = new CompletableFuture<>();
    PresenceStoreException lost = new PresenceStoreException("lost");
    if (down) {
      future.completeExceptionally(lost);
      return future;
    }
    Runnable unheard =
        () -> {
          var unused = call.get();
        };
    int fate = random.nextInt(100) < losses ? random.nextInt(3) : 3;
    Runnable takePlace =
        switch (fate) {
          case 0 -> () -> back.add(() -> future.completeExceptionally(lost));
          case 1 ->
              () -> {
                late.add(unheard);
                back.add(() -> future.completeExceptionally(lost));
              };
          case 2 ->
              () -> {
                unheard.run();
                back.add(() -> future.completeExceptionally(lost));
              };
          default ->
              () -> {
                T value = call.get().join();
                back.add(() -> future.complete(value));
              };
        };
    calls.add(new Call(takePlace, unheard));
    pending.removeIf(CompletableFuture::isDone);
    pending.add(future);
    return future;
  }

  @Override
  public CompletableFuture<Long> register(String node, long incarnation, Duration lease) {
    return travel(() -> shared.register(node, incarnation, lease));
  }

  @Override
  public CompletableFuture<Leases> renew(Map<String, Long> incarnations, Duration lease) {
    return travel(() -> shared.renew(incarnations, lease), messages);
  }

  @Override
  public CompletableFuture<Integer> apply(TermId term, int partition, List<Change> changes) {
    return travel(() -> shared.apply(term, partition, changes));
  }

  @Override
  public CompletableFuture<Boolean> replayed(TermId term) {
    return travel(() -> shared.replayed(term));
  }

  @Override
  public CompletableFuture<Reading> read(Collection<SubjectKey> subjects, Collection<TermId> terms) {
    return travel(() -> shared.read(subjects, terms));
  }

  @Override
  public CompletableFuture<Integer> countUsers(TermId term) {
    return travel(() -> shared.countUsers(term));
  }

  @Override
  public void close() {
    down = true;
    calls.clear();
    answers.clear();
    messages.clear();
  }
}
