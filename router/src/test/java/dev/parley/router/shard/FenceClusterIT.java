package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.conversation.jetstream.JetStreamSettings;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.ShardLog;
import dev.parley.parts.NatsCluster;
import dev.parley.parts.NatsServer;
import dev.parley.parts.Parts;
import io.nats.client.Connection;
import io.nats.client.Nats;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** As {@link FenceIT}, on three brokers: what is stuck is stuck in a node of the cluster. */
@Timeout(180)
class FenceClusterIT {
  private static final int W = 64;
  private static final int SWAPS = 12;
  private static final int RECORDS_BETWEEN_SWAPS = 500;
  private static final long ROOM = 128L << 20;
  private static final Duration SILENCE = Duration.ofMillis(300);
  private static final Duration ALIKE = Duration.ofSeconds(20);

  @TempDir
  private Path directory;

  private NatsCluster cluster;

  @BeforeEach
  void startCluster() {
    Path program = Parts.atHome(System.err::println).natsServer();
    cluster = NatsCluster.start(new NatsServer.Settings(program, directory).withSyncInterval("1s"));
  }

  @AfterEach
  void stopCluster() {
    cluster.close();
  }

  private Contender router(String name, NatsServer node, int window) {
    return Contender.over(
        name,
        new JetStreamSettings(node.url()).withCluster(List.of(node.url()), 3).withLayout(new Layout(1, W, 1), ROOM),
        window);
  }

  private NatsServer leader() throws Exception {
    try (Connection connection = Nats.connect(String.join(",", cluster.urls()))) {
      var stream = connection.jetStreamManagement().getStreamInfo("shard-0");
      return cluster.node(Objects.requireNonNull(stream.getClusterInfo()).getLeader());
    }
  }

  /** A replica is behind for a moment. */
  private static FencedLog read(ShardLog log) {
    return await().atMost(ALIKE).ignoreException(NullPointerException.class).until(() -> FencedLog.read(log), read -> true);
  }

  @Test
  void whatIsStuckInAFollowerDoesNotLandBehindTheNextOwner() throws Exception {
    leaveStuck(W, log -> {
      assertThat(log.tail).isEqualTo(log.newestOwner);
      assertThat(log.outsideTheirTerm).isEmpty();
    });
  }

  @Test
  void withoutFillersItDoes() throws Exception {
    leaveStuck(1, log -> assertThat(log.outsideTheirTerm).isNotEmpty());
  }

  private void leaveStuck(int window, Consumer<FencedLog> check) throws Exception {
    try (Contender first = router("first", cluster.nodes().getFirst(), W)) {
      first.takeOver();
      await().atMost(ALIKE).until(first::owning);
      NatsServer leader = leader();
      NatsServer follower = cluster.nodes().stream().filter(node -> node != leader).findFirst().orElseThrow();
      try (Contender old = router("old", follower, W);
          Contender next = router("next", leader, window)) {
        TakingTurns.leaveStuck(old, W, () -> pause(follower, old.log()), next, follower::resume);
        check.accept(read(next.log()));
      }
    }
  }

  /** A process goes on for a moment after it was told to stop. */
  private static void pause(NatsServer node, ShardLog through) {
    node.pause();
    await().until(() -> silent(through));
  }

  private static boolean silent(ShardLog log) throws Exception {
    try {
      log.tail().get(SILENCE.toMillis(), TimeUnit.MILLISECONDS);
      return false;
    } catch (TimeoutException e) {
      return true;
    }
  }

  @Test
  void routersThatTakeTheShardFromEachOtherUnderLoadLoseAndDoubleNothing() {
    try (Contender one = router("one", cluster.nodes().getFirst(), W);
        Contender two = router("two", cluster.nodes().getLast(), W)) {
      TakingTurns.swap(one, two, SWAPS, RECORDS_BETWEEN_SWAPS);

      FencedLog log = read(one.log());
      assertThat(log.owners).isGreaterThan(SWAPS);
      log.mustHoldWhatWasTold(List.of(one, two));
    }
  }
}
