package dev.parley.router.view;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.router.feed.RouterId;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OwnershipTest {
  private static final int SHARDS = 16;

  private static Member router(String name, int mostShards) {
    return new Member(new RouterId(name, name.hashCode()), name, false, mostShards);
  }

  private static long owned(List<Member> owners, String name) {
    return owners.stream().filter(owner -> owner.id().name().equals(name)).count();
  }

  @Test
  void whoHasJustComeTakesAFewShardsAndHardlyAnyOtherMoves() {
    List<Member> before = Ownership.of(List.of(router("a", Member.SHARE), router("b", Member.SHARE)), SHARDS);
    for (int most : new int[] {0, 1, 2, 4}) {
      List<Member> now = Ownership.of(List.of(router("a", Member.SHARE), router("b", Member.SHARE), router("new", most)), SHARDS);

      assertThat(owned(now, "new")).isEqualTo(most);
      long others =
          IntStream.range(0, SHARDS)
              .filter(shard -> !now.get(shard).id().name().equals("new"))
              .filter(shard -> !now.get(shard).equals(before.get(shard)))
              .count();
      assertThat(others).isLessThanOrEqualTo(2);
    }
  }

  @Test
  void everyShardHasAnOwnerHoweverFewTheyTake() {
    for (int a = 0; a <= SHARDS; a++) {
      for (int b = 0; b <= SHARDS; b++) {
        List<Member> routers = List.of(router("a", a), router("b", b), router("c", 0), router("d", Member.SHARE));
        assertThat(Ownership.of(routers, SHARDS)).hasSize(SHARDS);
      }
    }
    assertThat(owned(Ownership.of(List.of(router("a", 1), router("b", 1)), SHARDS), "a")).isEqualTo(SHARDS / 2);
  }
}
