package dev.parley.presence.link;

import static dev.parley.v1.ErrorReason.ERROR_REASON_DISPLACED;
import static dev.parley.v1.ErrorReason.ERROR_REASON_HEARTBEAT_MISSED;

import dev.parley.chassis.errors.Errors;
import dev.parley.internal.v1.FromPresence;
import dev.parley.internal.v1.NodeEntry;
import dev.parley.internal.v1.NodeHello;
import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.ToPresence;
import dev.parley.presence.store.PresenceStore;
import dev.parley.presence.store.SubjectKey;
import dev.parley.presence.store.TermId;
import io.grpc.StatusRuntimeException;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The link of one router, from its first frame to its end.
 *
 * <pre>
 *   AWAITING --hello--> LINKED --silence, a rule broken, a newer link, the stream's end--> ENDED
 * </pre>
 *
 * <p>While it is linked a generation is drawn at the beginning, after each write whose outcome is not known, when the
 * store does not have the last one any more, and now and then; what is said before there is one is dropped, for the
 * router says it again.
 *
 * <p>Belongs to the loop.
 */
final class NodeLink {
  private final LinkOwner owner;
  private final Wire wire;
  private final LinkTimes times;
  private final PresenceStore store;
  private final Executor loop;

  private Phase phase = Phase.AWAITING;
  private NodeHello hello = NodeHello.getDefaultInstance();
  private @Nullable NodeWrites writes;
  private boolean drawing;
  private boolean stale = true;
  private boolean starved;
  private long drawnAt;

  private final Set<SubjectKey> watched = new HashSet<>();
  private final News news = new News();
  private long heardAt;
  private long spokeAt;

  private enum Phase {
    AWAITING,
    LINKED,
    ENDED
  }

  private final class WriteEvents implements NodeWrites.Events {
    @Override
    public void outcomeUnknown(NodeWrites of) {
      if (of == writes) {
        replayNeeded();
      }
    }

    @Override
    public void reachedMark(NodeWrites of) {
      store
          .replayed(of.term())
          .whenCompleteAsync(
              (valid, failure) -> {
                if (failure == null && valid) {
                  owner.leasesChanged();
                } else if (of == writes) {
                  replayNeeded();
                }
              },
              loop);
    }

    @Override
    public void hasRoom() {
      if (starved && phase == Phase.LINKED) {
        starved = false;
        wire.more();
      }
    }
  }

  /** A link over a stream that has just been opened. */
  NodeLink(LinkOwner owner, Wire wire, LinkTimes times, PresenceStore store, Executor loop) {
    this.owner = owner;
    this.wire = wire;
    this.times = times;
    this.store = store;
    this.loop = loop;
    this.heardAt = owner.nanos();
    this.spokeAt = heardAt;
    wire.more();
  }

  /** The router's name; empty: not said yet. */
  String node() {
    return hello.getNode();
  }

  /** Which life of the router. */
  long incarnation() {
    return hello.getIncarnation();
  }

  /** The generation under which is written; null: none at the moment. */
  @Nullable TermId term() {
    return writes == null ? null : writes.term();
  }

  /** A frame came in. */
  void received(ToPresence frame) {
    if (phase == Phase.ENDED) {
      return;
    }
    heardAt = owner.nanos();
    try {
      take(frame);
    } catch (StatusRuntimeException refusal) {
      end(refusal);
      return;
    }
    if (writes == null || writes.room()) {
      wire.more();
    } else {
      starved = true;
    }
  }

  private void take(ToPresence frame) {
    FrameRules.checkOrder(phase == Phase.AWAITING, frame);
    FrameRules.checkSizes(frame);
    if (frame.hasHello()) {
      FrameRules.checkHello(frame.getHello());
      hello = frame.getHello();
      phase = Phase.LINKED;
      news.hello();
      owner.linked(this);
      draw();
    }
    for (NodeEntry entry : frame.getEntriesList()) {
      SubjectKey subject = FrameRules.subject(entry.getSubject());
      if (subject == null) {
        continue; // of a kind that only a newer router knows: nobody here can watch it
      }
      FrameRules.checkEntry(subject, entry, times.valueBytes());
      if (writes != null) {
        writes.put(subject, entry);
      }
    }
    if (writes != null && frame.getReplayed() == writes.term().generation()) {
      writes.mark();
    }
    for (Subject subject : frame.getWatchList()) {
      SubjectKey key = FrameRules.subject(subject);
      if (key == null) {
        news.unknown(subject);
      } else {
        watch(key);
      }
    }
    for (Subject subject : frame.getUnwatchList()) {
      SubjectKey key = FrameRules.subject(subject);
      if (key != null) {
        unwatch(key);
      }
    }
    owner.busy(this);
  }

  private void watch(SubjectKey subject) {
    if (watched.size() >= times.watches() && !watched.contains(subject)) {
      news.add(subject); // told as unknown: one too many must not take the others from a router
      return;
    }
    watched.add(subject);
    owner.watch(this, subject);
  }

  private void unwatch(SubjectKey subject) {
    if (watched.remove(subject)) {
      news.remove(subject);
      owner.unwatch(this, subject);
    }
  }

  /** The generation is not to be written any more: as soon as the store works, another one is drawn. */
  void replayNeeded() {
    writes = null;
    stale = true;
    if (starved) {
      starved = false;
      wire.more();
    }
  }

  private void draw() {
    if (phase != Phase.LINKED || drawing || !stale || !owner.available()) {
      return;
    }
    drawing = true;
    store
        .register(node(), incarnation(), times.lease())
        .whenCompleteAsync(
            (generation, failure) -> {
              drawing = false;
              if (failure == null && phase == Phase.LINKED) {
                drawn(generation);
              }
            },
            loop);
  }

  private void drawn(long generation) {
    NodeWrites next = new NodeWrites(new TermId(node(), generation), store, loop, owner.budget(), new WriteEvents());
    if (writes != null) {
      writes.moveTo(next);
    }
    writes = next;
    stale = false;
    drawnAt = owner.nanos();
    news.replay(generation);
    owner.drawn(this, next.term());
    owner.busy(this);
  }

  /** The store works, or does not, from now on. */
  void availabilityChanged() {
    if (phase == Phase.LINKED) {
      if (!owner.available()) {
        replayNeeded();
      }
      news.availability();
      draw();
      owner.busy(this);
    }
  }

  /** A subject is to be told, as it is when the frame goes out. */
  void tell(SubjectKey subject) {
    if (phase == Phase.LINKED) {
      news.add(subject);
      owner.busy(this);
    }
  }

  /** Sends what there is to say, as far as the router takes it, and begins the writes. */
  void turn() {
    if (writes != null) {
      writes.write();
    }
    while (phase == Phase.LINKED && wire.ready() && !news.isEmpty()) {
      send(news.next(owner, times.lease()));
    }
  }

  private void send(FromPresence frame) {
    wire.send(frame);
    spokeAt = owner.nanos();
  }

  /** Time has passed. */
  void tick() {
    long now = owner.nanos();
    if (phase == Phase.ENDED) {
      return;
    }
    if (now - heardAt > times.suspect().toNanos()) {
      end(Errors.status(ERROR_REASON_HEARTBEAT_MISSED, "nothing was heard for " + times.suspect() + ": link again"));
      return;
    }
    if (phase == Phase.LINKED && now - spokeAt >= times.heartbeat().toNanos() && wire.ready()) {
      send(FromPresence.getDefaultInstance());
    }
    stale |= writes != null && now - drawnAt > times.replayEvery().toNanos();
    draw();
  }

  /** Another link of the same router takes its place. */
  void displaced() {
    end(Errors.status(ERROR_REASON_DISPLACED, "a newer link of a router of this name took over"));
  }

  /** The stream has ended, or ends now. */
  void end(@Nullable StatusRuntimeException reason) {
    if (phase == Phase.ENDED) {
      return;
    }
    phase = Phase.ENDED;
    if (reason != null) {
      wire.end(reason);
    }
    writes = null;
    news.clear();
    owner.ended(this, Set.copyOf(watched));
    watched.clear();
  }

  /** The instance stops. */
  void close() {
    if (phase != Phase.ENDED) {
      wire.close();
      end(null);
    }
  }
}
