package dev.parley.presence.link;

import dev.parley.internal.v1.GetPresenceStatusResponse;
import dev.parley.internal.v1.NodeStatus;
import dev.parley.presence.store.PresenceStore;
import dev.parley.presence.store.Term;
import io.grpc.BindableService;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The links of all routers to this instance, on a thread of their own. It works from its construction until it is closed;
 * the store stays the caller's to close. Thread-safe.
 */
public final class PresenceLinks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PresenceLinks.class);
  private static final int TICKS_A_HEARTBEAT = 10;
  private static final long CLOSING_SECONDS = 2;

  private final PresenceStore store;
  private final ScheduledThreadPoolExecutor loop;
  private final PresenceCore core;

  /** Links to the instance of this name, over this store, which is opened. */
  public PresenceLinks(String instance, LinkTimes times, PresenceStore store, PresenceMetrics metrics) {
    this.store = store;
    this.loop =
        new ScheduledThreadPoolExecutor(1, task -> Thread.ofPlatform().name("presence").daemon().unstarted(task));
    this.core = new PresenceCore(instance, times, store, this::execute, System::nanoTime, metrics);
    core.start();
    long tick = times.heartbeat().toNanos() / TICKS_A_HEARTBEAT;
    var unused = loop.scheduleAtFixedRate(this::tick, tick, tick, TimeUnit.NANOSECONDS);
  }

  private void tick() {
    guarded(core::tick);
  }

  /** Runs it on the loop, after what was given before; does nothing once this is closed. */
  void execute(Runnable task) {
    try {
      loop.execute(() -> guarded(task));
    } catch (RejectedExecutionException closed) {
      LOG.debug("closed: a task is dropped");
    }
  }

  private static void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      LOG.error("a task of presence failed", e);
    }
  }

  /** To be called on the loop alone. */
  PresenceCore core() {
    return core;
  }

  /** What routers call; without any check of who they are. */
  public BindableService service() {
    return new PresenceLinkGrpcService(this);
  }

  /** What is known here, for whoever looks after it; fails when the store does not answer. */
  CompletableFuture<GetPresenceStatusResponse> status() {
    CompletableFuture<GetPresenceStatusResponse> status = new CompletableFuture<>();
    execute(
        () ->
            collect()
                .whenComplete(
                    (answer, failure) -> {
                      if (failure == null) {
                        status.complete(answer);
                      } else {
                        status.completeExceptionally(failure);
                      }
                    }));
    return status;
  }

  private CompletableFuture<GetPresenceStatusResponse> collect() {
    GetPresenceStatusResponse.Builder status =
        GetPresenceStatusResponse.newBuilder()
            .setInstance(core.instance())
            .setAvailable(core.available())
            .setWatchedSubjects(core.watchedSubjects());
    Map<String, List<Term>> nodes = new TreeMap<>();
    core.terms().forEach(term -> nodes.computeIfAbsent(term.id().node(), unused -> new ArrayList<>()).add(term));
    CompletableFuture<GetPresenceStatusResponse.Builder> collected = CompletableFuture.completedFuture(status);
    for (Map.Entry<String, List<Term>> node : nodes.entrySet()) {
      NodeStatus.Builder one = status(node.getKey(), node.getValue());
      CompletableFuture<Integer> users =
          core.available()
              ? store.countUsers(fullest(node.getValue()).id())
              : CompletableFuture.completedFuture(0);
      collected = collected.thenCombine(users, (all, count) -> all.addNodes(one.setUsers(count)));
    }
    return collected.thenApply(GetPresenceStatusResponse.Builder::build);
  }

  private NodeStatus.Builder status(String node, List<Term> terms) {
    NodeStatus.Builder status = NodeStatus.newBuilder().setNode(node).setLinked(core.link(node) != null);
    java.time.Duration left = java.time.Duration.ZERO;
    for (Term term : terms) {
      status.addGenerations(term.id().generation());
      left = term.leaseLeft().compareTo(left) > 0 ? term.leaseLeft() : left;
    }
    return status.setLeaseLeft(
        com.google.protobuf.Duration.newBuilder().setSeconds(left.getSeconds()).setNanos(left.getNano()));
  }

  /** The newest that was replayed; else the newest. */
  private static Term fullest(List<Term> terms) {
    return terms.reversed().stream().filter(Term::replayed).findFirst().orElse(terms.getLast());
  }

  /** The thread that all of its work is done on. */
  public Executor thread() {
    return loop;
  }

  /** Ends all links with the advice to link to another instance. */
  @Override
  public void close() {
    execute(core::close);
    loop.shutdown();
    try {
      if (!loop.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS)) {
        loop.shutdownNow();
      }
    } catch (InterruptedException e) {
      loop.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
