package dev.parley.bench.simulation;

import dev.parley.chassis.wire.Wire;
import dev.parley.internal.v1.LinkFrame;
import dev.parley.internal.v1.ShardFrame;
import dev.parley.router.link.Dialer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The wires between routers: what is sent arrives in order, or the wire is cut; but a batch of a feed may be overtaken by
 * the next ones, or come again, as on a way round.
 */
final class SimLink {
  /** Of so many frames the batches of one stray. */
  private static final int STRAYS = 40;
  /** They take so many times as long. */
  private static final int STRAY_DELAYS = 100;

  private final VirtualTime time;
  private final Random random;
  private final Map<String, SimRouter> routers;
  private final BooleanSupplier calm;
  private final List<End> ends = new ArrayList<>();

  SimLink(VirtualTime time, Random random, Map<String, SimRouter> routers, BooleanSupplier calm) {
    this.time = time;
    this.random = random;
    this.routers = routers;
    this.calm = calm;
  }

  /** Dials from this process. */
  Dialer dialer(SimProcess from) {
    return (address, ear) -> {
      End near = new End(from);
      near.ear = ear;
      ends.add(near);
      time.after(delay(), () -> connect(near, address));
      return near;
    };
  }

  private void connect(End near, String address) {
    SimRouter target = routers.get(address);
    if (target == null || target.process().dead()) {
      near.closedByPeer();
      return;
    }
    End far = new End(target.process());
    far.peer = near;
    near.peer = far;
    ends.add(far);
    target.process().run(() -> {
      far.ear = target.accept(far);
      near.open();
      far.open();
    });
  }

  /** Cuts one wire, if there is any. */
  void cutOne() {
    ends.removeIf(end -> end.closed);
    if (!ends.isEmpty()) {
      ends.get(random.nextInt(ends.size())).cut();
    }
  }

  /** A process was killed: its wires end at the other side, some of them only when somebody notices the silence. */
  void killed(SimProcess process) {
    for (End end : List.copyOf(ends)) {
      if (end.process == process && end.peer != null && random.nextInt(4) > 0) {
        end.peer.closedByPeer();
      }
    }
  }

  private Duration delay() {
    return Duration.ofNanos(100_000 + random.nextInt(2_000_000));
  }

  private final class End implements Wire<LinkFrame> {
    private final SimProcess process;
    private @Nullable End peer;
    private Wire.@Nullable Ear<LinkFrame> ear;
    private boolean open;
    private boolean closed;
    private long lastArrival;
    private final List<LinkFrame> early = new ArrayList<>();

    End(SimProcess process) {
      this.process = process;
    }

    void open() {
      open = true;
      early.forEach(this::transmit);
      early.clear();
      tell(Ear::ready);
    }

    private void tell(java.util.function.Consumer<Ear> what) {
      process.run(() -> {
        if (ear != null) {
          what.accept(ear);
        }
      });
    }

    @Override
    public boolean ready() {
      return open && !closed;
    }

    @Override
    public void send(LinkFrame frame) {
      if (open) {
        transmit(frame);
      } else {
        early.add(frame);
      }
    }

    private void transmit(LinkFrame frame) {
      End to = peer;
      if (to == null || closed) {
        return;
      }
      LinkFrame inOrder = frame;
      if (!calm.getAsBoolean() && random.nextInt(STRAYS) == 0) {
        time.after(delay().multipliedBy(STRAY_DELAYS), () -> to.hear(batches(frame, true)));
        inOrder = random.nextBoolean() ? frame : batches(frame, false);
      }
      to.lastArrival = Math.max(to.lastArrival, time.nanos() + delay().toNanos());
      LinkFrame arriving = inOrder;
      time.at(to.lastArrival, () -> to.hear(arriving));
    }

    private void hear(LinkFrame frame) {
      if (!closed) {
        tell(heard -> heard.frame(frame));
      }
    }

    /** Only the batches in this frame, or only what else there is. */
    private static LinkFrame batches(LinkFrame frame, boolean wanted) {
      List<ShardFrame> chosen = frame.getShardsList().stream().filter(shard -> shard.hasBatch() == wanted).toList();
      return frame.toBuilder().clearShards().addAllShards(chosen).build();
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        tell(Ear::closed);
        if (peer != null) {
          peer.closedByPeer();
        }
      }
    }

    private void closedByPeer() {
      time.after(delay(), () -> {
        if (!closed) {
          closed = true;
          tell(Ear::closed);
        }
      });
    }

    void cut() {
      closedByPeer();
      if (peer != null) {
        peer.closedByPeer();
      }
    }
  }
}
