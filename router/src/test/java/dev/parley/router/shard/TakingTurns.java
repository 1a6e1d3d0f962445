package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** What two routers do that both want a shard. */
final class TakingTurns {
  private static final Duration POLL = Duration.ofMillis(10);
  private static final Duration LONG = Duration.ofSeconds(40);

  private TakingTurns() {}

  /** So many records of the old owner are stuck on their way when the next one takes the shard; then they arrive. */
  static void leaveStuck(Contender old, int records, Runnable stick, Contender next, Runnable thaw) {
    old.takeOver();
    await().atMost(LONG).until(old::owning);
    old.send(10);
    await().until(() -> old.stored() == 10);
    stick.run();
    old.send(records);
    await().until(() -> old.sent() == 10 + records);
    next.takeOver();
    await().atMost(LONG).until(next::owning);
    thaw.run();
    old.load(true);
    // It asks for the tail on the connection on which its records went before.
    await().atMost(LONG).until(() -> old.deposed() == 1);
  }

  /** They take the shard from each other so often, each time when the owner has stored so many records. */
  static void swap(Contender one, Contender two, int swaps, int records) {
    List<Contender> both = List.of(one, two);
    both.forEach(router -> router.load(true));
    one.takeOver();
    for (int i = 0; i < swaps; i++) {
      Contender owner = both.get(i % 2);
      Contender next = both.get((i + 1) % 2);
      int before = owner.stored();
      await().atMost(LONG).pollInterval(POLL).until(() -> owner.stored() >= before + records);
      if (i % 4 == 3) {
        AtomicBoolean given = new AtomicBoolean();
        owner.giveAway(() -> given.set(true));
        await().pollInterval(POLL).untilTrue(given);
      }
      next.takeOver();
    }
    both.forEach(router -> router.load(false));
    await().until(() -> both.stream().allMatch(Contender::quiet));
    assertThat(both).allSatisfy(router -> assertThat(router.stored()).isGreaterThan(records));
  }
}
