package dev.parley.router.link;

import dev.parley.chassis.wire.Wire;
import dev.parley.internal.v1.LinkFrame;
import dev.parley.internal.v1.LinkHello;
import dev.parley.internal.v1.ShardFrame;
import dev.parley.router.feed.RouterId;
import dev.parley.router.loop.Loop;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * What two routers say to each other over one {@link Wire} from its opening to its end. A new wire is a new link.
 *
 * <pre>
 *   OPENING --LinkHello of the other side--> UP --closed, silent for too long--> DOWN
 * </pre>
 *
 * <p>{@link #send} is thread-safe; everything else belongs to the link's loop.
 */
final class Link implements Wire.Ear<LinkFrame> {
  /** A frame takes what waits up to this size. */
  private static final int FRAME_BYTES = 256 << 10;

  /** Dialing, the handshake and the first word together. */
  private static final Duration OPENING = Duration.ofSeconds(2);

  private final RouterId self;
  private final RouterId expected;
  private final LinkTimes times;
  private final Loop loop;
  private final LongSupplier nanos;
  private final Events events;

  private final ConcurrentLinkedQueue<ShardFrame> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicLong waitingBytes = new AtomicLong();
  private final AtomicBoolean flushing = new AtomicBoolean();
  /** Frames that wait on the loop behind the hello. */
  private final AtomicInteger behindHello = new AtomicInteger();
  private volatile Wire<LinkFrame> wire = new Unopened();
  private volatile Phase phase = Phase.OPENING;
  private volatile RouterId peer;
  private volatile long heardAt;
  private long spokeAt;

  private enum Phase {
    OPENING,
    UP,
    DOWN
  }

  /** What becomes of a link; on its loop, but for frames, which come on the wire's thread. */
  interface Events {
    void up(Link link);

    void down(Link link);

    void received(RouterId from, ShardFrame frame);
  }

  private static final class Unopened implements Wire<LinkFrame> {
    @Override
    public boolean ready() {
      return false;
    }

    @Override
    public void send(LinkFrame frame) {
      throw new IllegalStateException("the wire is not open");
    }

    @Override
    public void close() {}
  }

  /** A link over a wire that is given by {@link #open}. {@code peer}: who is expected; the hello tells who it is. */
  Link(RouterId self, RouterId peer, LinkTimes times, Loop loop, LongSupplier nanos, Events events) {
    this.self = self;
    this.expected = peer;
    this.peer = peer;
    this.times = times;
    this.loop = loop;
    this.nanos = nanos;
    this.events = events;
    this.heardAt = nanos.getAsLong();
  }

  /** Whoever is at the other end, as far as it is known. */
  RouterId peer() {
    return peer;
  }

  /** Who was to be at the other end. */
  RouterId expected() {
    return expected;
  }

  /** Speaks first. */
  void open(Wire<LinkFrame> opened) {
    wire = opened;
    if (phase == Phase.DOWN) {
      opened.close();
      return;
    }
    opened.send(
        LinkFrame.newBuilder()
            .setHello(LinkHello.newBuilder().setRouter(self.name()).setIncarnation(self.incarnation()))
            .build());
    spokeAt = nanos.getAsLong();
  }

  /** Sends something about a shard, in order for each calling thread; false: the link is down or too much waits. */
  boolean send(ShardFrame frame) {
    int bytes = frame.getSerializedSize();
    if (phase != Phase.UP || waitingBytes.get() + bytes > times.waitingBytes()) {
      return false;
    }
    waitingBytes.addAndGet(bytes);
    waiting.add(frame);
    if (flushing.compareAndSet(false, true)) {
      loop.execute(this::flush);
    }
    return true;
  }

  private void flush() {
    flushing.set(false);
    while (phase == Phase.UP && wire.ready() && !waiting.isEmpty()) {
      LinkFrame.Builder frame = LinkFrame.newBuilder();
      int bytes = 0;
      ShardFrame next;
      while (bytes < FRAME_BYTES && (next = waiting.poll()) != null) {
        frame.addShards(next);
        bytes += next.getSerializedSize();
      }
      waitingBytes.addAndGet(-bytes);
      wire.send(frame.build());
      spokeAt = nanos.getAsLong();
    }
  }

  @Override
  public void frame(LinkFrame frame) {
    heardAt = nanos.getAsLong();
    if (phase == Phase.UP && behindHello.get() == 0) {
      received(frame);
      return;
    }
    // Nobody may hear what was said over this link before it is known that the one before is down.
    behindHello.incrementAndGet();
    loop.execute(
        () -> {
          if (frame.hasHello()) {
            hello(new RouterId(frame.getHello().getRouter(), frame.getHello().getIncarnation()));
          }
          received(frame);
          behindHello.decrementAndGet();
        });
  }

  private void received(LinkFrame frame) {
    if (phase == Phase.UP) {
      for (ShardFrame shard : frame.getShardsList()) {
        events.received(peer, shard);
      }
    }
  }

  private void hello(RouterId says) {
    if (phase != Phase.OPENING) {
      return;
    }
    peer = says;
    phase = Phase.UP;
    events.up(this);
  }

  @Override
  public void ready() {
    if (flushing.compareAndSet(false, true)) {
      loop.execute(this::flush);
    }
  }

  @Override
  public void closed() {
    loop.execute(this::end);
  }

  /** Called every heartbeat. */
  void tick() {
    long now = nanos.getAsLong();
    Duration patience = phase == Phase.OPENING ? OPENING : times.suspect();
    if (phase != Phase.DOWN && now - heardAt > patience.toNanos()) {
      end();
    } else if (phase == Phase.UP && now - spokeAt >= times.heartbeat().toNanos() / 2 && wire.ready()) {
      wire.send(LinkFrame.getDefaultInstance());
      spokeAt = now;
    }
  }

  /** Nothing was heard for half of the time after which it is taken for broken: several heartbeats are missing. */
  boolean silent() {
    return nanos.getAsLong() - heardAt > times.suspect().toNanos() / 2;
  }

  /** Ends it. */
  void end() {
    if (phase == Phase.DOWN) {
      return;
    }
    phase = Phase.DOWN;
    waiting.clear();
    wire.close();
    events.down(this);
  }
}
