package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.conversation.jetstream.JetStreamSettings;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.ShardLog.Tail;
import dev.parley.parts.NatsServer;
import dev.parley.parts.Parts;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several routers and one broker: what one of them left on its way, and what happens when they take turns. */
@Timeout(120)
class FenceIT {
  private static final int W = 64;
  private static final int SWAPS = 16;
  private static final int RECORDS_BETWEEN_SWAPS = 800;
  private static final long ROOM = 256L << 20;

  @TempDir
  private Path directory;

  private NatsServer nats;

  @BeforeEach
  void startBroker() {
    Path program = Parts.atHome(System.err::println).natsServer();
    nats = NatsServer.start(new NatsServer.Settings(program, directory).withSyncInterval("1s"));
  }

  @AfterEach
  void stopBroker() {
    nats.close();
  }

  private JetStreamSettings settings(String url) {
    return new JetStreamSettings(url).withLayout(new Layout(1, W, 1), ROOM);
  }

  private Contender router(String name) {
    return Contender.over(name, settings(nats.url()), W);
  }

  @Test
  void whatIsStuckOnItsWayDoesNotLandBehindTheNextOwner() {
    try (StuckPath path = new StuckPath(nats.url());
        Contender old = Contender.over("old", settings(path.url()), W);
        Contender next = router("next")) {
      leaveStuck(path, old, next);

      FencedLog log = FencedLog.read(next.log());
      assertThat(log.tail).isEqualTo(log.newestOwner);
      log.mustHoldWhatWasTold(List.of(old, next));
      assertThat(old.unknown()).isEqualTo(W);
    }
  }

  @Test
  void withoutFillersItDoes() {
    try (StuckPath path = new StuckPath(nats.url());
        Contender old = Contender.over("old", settings(path.url()), W);
        Contender careless = Contender.over("careless", settings(nats.url()), 1)) {
      leaveStuck(path, old, careless);

      assertThat(FencedLog.read(careless.log()).outsideTheirTerm).hasSize(W - 1);
    }
  }

  private static void leaveStuck(StuckPath path, Contender old, Contender next) {
    TakingTurns.leaveStuck(old, W, path::stick, next, path::thaw);
  }

  @Test
  void routersThatTakeTheShardFromEachOtherUnderLoadLoseAndDoubleNothing() {
    try (Contender one = router("one");
        Contender two = router("two")) {
      TakingTurns.swap(one, two, SWAPS, RECORDS_BETWEEN_SWAPS);

      FencedLog log = FencedLog.read(one.log());
      assertThat(log.owners).isGreaterThan(SWAPS);
      log.mustHoldWhatWasTold(List.of(one, two));
    }
  }

  @Test
  void anOwnerCountsAtLeastWhatItsRecordsTakeOfTheRoom() {
    try (Contender owner = router("owner")) {
      owner.takeOver();
      await().until(owner::owning);
      Tail before = owner.log().tail().join();
      owner.send(W);
      await().until(() -> owner.stored() == W);
      Tail after = owner.log().tail().join();
      Room room = new Room(owner.context());
      room.measured(before);
      for (int i = 0; i < W; i++) {
        room.took(Room.of(recordBytes(owner, before.position() + 1 + i), "c99".length()));
      }

      assertThat(room.bytes()).isBetween(after.bytes(), after.bytes() + W * 20L);
    }
  }

  private static int recordBytes(Contender owner, long position) {
    return owner.log().read(new long[] {position}).join().getFirst().bytes().length;
  }
}
