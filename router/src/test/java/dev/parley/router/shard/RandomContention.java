package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.router.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Routers with full windows that take a shard from each other, asked or not, each over a bad network of its own, with
 * clocks that differ and processes that are killed, all from one seed; then quiet, and the check of what each was told
 * against the log.
 */
final class RandomContention {
  private static final int ROUTERS = 3;
  private static final int WINDOW = 64;
  private static final Duration STEP = Duration.ofMillis(10);

  private final ManualTime time = new ManualTime();
  private final ShardLog stored = new MemoryBroker(new Layout(1, WINDOW, 1)).shard(0);
  private final Random random;
  private final List<Router> routers = new ArrayList<>();
  private final List<Contender> everyone = new ArrayList<>();

  /** A living process and its way to the broker. */
  private record Router(Contender contender, FaultyLog log) {}

  RandomContention(long seed) {
    random = new Random(seed);
    for (int i = 0; i < ROUTERS; i++) {
      routers.add(newRouter("router " + i));
    }
    routers.getFirst().contender.takeOver();
  }

  private Router newRouter(String name) {
    FaultyLog log = new FaultyLog(stored, time, random);
    Duration ahead = Duration.ofMillis(random.nextInt(10_000) - 5_000);
    ShardContext context =
        new ShardContext(
            0, name, random.nextLong(), WINDOW, log, ShardRig.LIMITS, () -> time.instant().plus(ahead), time::nanos,
            time, random, (one, two) -> false, () -> log.connected, ShardMetrics.NONE);
    Contender contender = new Contender(context, Runnable::run, () -> {});
    everyone.add(contender);
    return new Router(contender, log);
  }

  /** Contends for so many steps, comes to rest and checks; returns how often the shard was taken. */
  int run(int steps) {
    for (int step = 0; step < steps; step++) {
      for (int i = 0; i < ROUTERS; i++) {
        disturb(i);
      }
      routers.forEach(router -> router.contender.send(random.nextInt(16)));
      time.advance(STEP);
    }
    rest();
    FencedLog log = FencedLog.read(stored);
    log.mustHoldWhatWasTold(everyone);
    return log.owners;
  }

  private void disturb(int index) {
    Router router = routers.get(index);
    switch (random.nextInt(1_000)) {
      case 0, 1, 2, 3, 4, 5 -> router.contender.takeOver();
      case 6, 7, 8 -> router.contender.giveAway(routers.get(random.nextInt(ROUTERS)).contender::takeOver);
      case 9, 10, 11, 12 -> router.log.stick(Duration.ofMillis(random.nextInt(4_000)));
      case 13 -> router.log.connected = false;
      case 14, 15, 16 -> {
        router.log.connected = true;
        router.contender.settle();
      }
      case 17 -> {
        router.contender.close();
        routers.set(index, newRouter("router " + index));
      }
      default -> {}
    }
  }

  /** One router is left, and the network is good. */
  private void rest() {
    Router last = routers.getFirst();
    routers.stream().filter(router -> router != last).forEach(router -> router.contender.close());
    last.log.calm = true;
    last.log.connected = true;
    last.contender.takeOver();
    time.advance(Duration.ofSeconds(8));
    // Deposed by what the others had under way, or still in doubt about what it sent itself.
    last.contender.takeOver();
    last.contender.settle();
    time.advance(Duration.ofSeconds(4));
    assertThat(last.contender.owning()).isTrue();
    assertThat(last.contender.quiet()).isTrue();
  }
}
