package dev.parley.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.internal.v1.GetStatusResponse;
import dev.parley.internal.v1.OwnedShardStatus;
import dev.parley.internal.v1.RouterStatus;
import dev.parley.internal.v1.ShardStatus;
import dev.parley.v1.Term;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ClusterChecksTest {
  /** Two routers that agree: one owns shard 0, the other shard 1. */
  private final GetStatusResponse.Builder first = router("router-1", shard(0, owned("router-2", 10, 100)), shard(1));

  private final GetStatusResponse.Builder second = router("router-2", shard(0), shard(1, owned("router-1", 20, 100)));
  private final SortedMap<String, String> silent = new TreeMap<>();

  @Test
  void routersThatAgreeAreWellAndShownInATable() {
    assertThat(findings()).allMatch(Finding::good).extracting(Finding::check)
        .containsExactly("view", "link", "owner", "log");
    assertThat(cluster().table().lines())
        .containsExactly(
            "router        view      leaving  linked to",
            "router-1      7         no       router-2",
            "router-2      7         no       router-1",
            "",
            "shard  owner         term           position    log    followers, up to where",
            "    0  router-1      1700           42          10 %   router-2 41",
            "    1  router-2      1700           42          20 %   router-1 41");
  }

  @Test
  void aShardThatNobodyOwnsIsFound() {
    first.setShards(0, ShardStatus.newBuilder().setShard(0).setOwner("router-1"));
    assertThat(bad()).containsExactly("nobody decides for shard 0, which is due to router-1");
  }

  @Test
  void aShardThatIsNotSettledIsFound() {
    first.setShards(0, shard(0, owned("router-2", 10, 100).toBuilder().setActive(false).build()));
    assertThat(bad()).containsExactly("nobody decides for shard 0: router-1 has not settled it");
  }

  @Test
  void aShardThatTwoCallTheirOwnIsFound() {
    second.setShards(0, shard(0, owned("router-2", 10, 100)));
    assertThat(bad())
        .containsExactly("shard 0 is called their own by router-1 (term 1700) and router-2 (term 1700)");
  }

  @Test
  void aViewThatDiffersIsFound() {
    second.setView(5);
    assertThat(bad()).containsExactly("differs: 5 at router-2; 7 at router-1");
  }

  @Test
  void aDeadLinkIsFoundAndSoIsASilentRouter() {
    first.setRouters(1, known("router-2", false));
    assertThat(bad()).containsExactly("router-1 is not linked to router-2");
    silent.put("router-3", "127.0.0.1:1: UNAVAILABLE");
    assertThat(bad()).contains("router-3 does not answer at 127.0.0.1:1: UNAVAILABLE");
  }

  @Test
  void aLogAboveNinetyPercentIsFound() {
    first.setShards(0, shard(0, owned("router-2", 90, 100)));
    assertThat(bad()).isEmpty();
    first.setShards(0, shard(0, owned("router-2", 91, 100)));
    assertThat(bad()).containsExactly("shard 0 is 91 % full");
  }

  @Test
  void aRouterThatLeavesAndALogWithoutALimitAreShown() {
    first.setRouters(1, known("router-2", true).toBuilder().setDraining(true));
    second.setShards(1, shard(1, owned("router-1", 20, 0)));
    assertThat(bad()).isEmpty();
    assertThat(cluster().table().lines().toList())
        .contains(
            "router-2      7         yes      router-1",
            "    1  router-2      1700           42          -      router-1 41");
  }

  private static GetStatusResponse.Builder router(String name, ShardStatus... shards) {
    return GetStatusResponse.newBuilder().setRouter(name).setView(7).addRouters(known("router-1", true))
        .addRouters(known("router-2", true)).addAllShards(List.of(shards));
  }

  private static RouterStatus known(String name, boolean linked) {
    return RouterStatus.newBuilder().setRouter(name).setLinkAddress("there").setLinked(linked).build();
  }

  private static ShardStatus shard(int number) {
    return ShardStatus.newBuilder().setShard(number).setWatermark(41).build();
  }

  private static ShardStatus shard(int number, OwnedShardStatus owned) {
    return ShardStatus.newBuilder().setShard(number).setWatermark(42).setOwned(owned).build();
  }

  private static OwnedShardStatus owned(String follower, long bytes, long max) {
    return OwnedShardStatus.newBuilder().setTerm(Term.newBuilder().setNumber(1700)).setActive(true).setPosition(42)
        .addFollowers(follower).setLogBytes(bytes).setLogMaxBytes(max).build();
  }

  private Cluster cluster() {
    return new Cluster(new TreeMap<>(Map.of("router-1", first.build(), "router-2", second.build())), silent);
  }

  private List<Finding> findings() {
    return new ClusterChecks(cluster()).run();
  }

  private List<String> bad() {
    return findings().stream().filter(finding -> !finding.good()).map(Finding::detail).toList();
  }
}
