package dev.parley.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import dev.parley.v1.Durability;
import dev.parley.v1.GetStatsResponse;
import dev.parley.v1.RouterStats;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StatsChecksTest {
  private static final Instant ASKED = Instant.parse("2026-01-01T12:00:00Z");
  private static final Instant ANSWERED = ASKED.plusMillis(200);

  private final RouterStats.Builder first = router("router-1", 0, 8);
  private final RouterStats.Builder second = router("router-2", 8, 16);
  private final GetStatsResponse.Builder rest = GetStatsResponse.newBuilder().setShards(16);

  private static RouterStats.Builder router(String name, int from, int to) {
    return RouterStats.newBuilder()
        .setRouter(name)
        .setVersion("1.0")
        .setSessions(3)
        .setDurability(Durability.DURABILITY_SYNCED)
        .addAllOwnedShards(IntStream.range(from, to).boxed().toList())
        .setTime(time(ASKED.plusMillis(100)));
  }

  private static Timestamp time(Instant instant) {
    return Timestamp.newBuilder().setSeconds(instant.getEpochSecond()).setNanos(instant.getNano()).build();
  }

  private List<Finding> findings() {
    return new StatsChecks(rest.clearRouters().addRouters(first).addRouters(second).build(), ASKED, ANSWERED).run();
  }

  private List<String> bad() {
    return findings().stream().filter(finding -> !finding.good()).map(Finding::detail).toList();
  }

  @Test
  void routersThatDoTheirWorkAreWell() {
    assertThat(findings())
        .allMatch(Finding::good)
        .extracting(finding -> finding.check() + ": " + finding.detail())
        .containsExactly(
            "routers: router-1 has 8 shards and 3 sessions; router-2 has 8 shards and 3 sessions",
            "owner: 16 shards, each with one",
            "durability: synced at router-1, router-2",
            "version: 1.0 at router-1, router-2",
            "clock: those of the routers differ from this machine's by at most 1.2 s");
  }

  @Test
  void aRouterThatLeavesIsNamedAndNoFault() {
    second.setDraining(true);
    assertThat(findings()).allMatch(Finding::good);
    assertThat(findings().getFirst().detail()).endsWith("router-2 has 8 shards and 3 sessions and is draining");
  }

  @Test
  void aShardWithoutAnOwnerOrWithTwoIsFound() {
    first.clearOwnedShards().addAllOwnedShards(List.of(0, 1, 2, 3, 4, 5, 6, 8));
    assertThat(bad())
        .containsExactly(
            "no router that answers owns shard 7", "shard 8 is called their own by router-1 and router-2");
  }

  @Test
  void aRouterThatIsSilentIsFound() {
    rest.addSilentRouters("router-3");
    assertThat(bad()).containsExactly("router-3 is registered and does not answer");
  }

  @Test
  void versionsAndDurabilitiesThatDifferAreFound() {
    second.setVersion("1.1").setDurability(Durability.DURABILITY_WRITTEN);
    assertThat(bad())
        .containsExactly(
            "differs: synced at router-1; written at router-2", "differs: 1.0 at router-1; 1.1 at router-2");
  }

  @Test
  void aClockThatIsMoreThanASecondAwayIsFoundWithItsDirection() {
    first.setTime(time(ASKED.minusMillis(1_500)));
    second.setTime(time(ANSWERED.plusMillis(90_000)));
    assertThat(bad())
        .containsExactly("router-1 is 1.5 s behind this machine", "router-2 is 90.0 s ahead of this machine");

    first.setTime(time(ASKED.minusMillis(999)));
    second.setTime(time(ANSWERED.plusMillis(1_000)));
    assertThat(bad()).isEmpty();
  }

  @Test
  void whatWasNotLookedAtIsNeitherWellNorAFault() {
    Finding skipped = Finding.skipped("routers", "not told", "name a token");
    assertThat(skipped.good()).isTrue();
    assertThat(skipped.line()).isEqualTo("skip routers             not told; name a token");
    assertThat(skipped.toMap()).containsEntry("skipped", true);
  }
}
