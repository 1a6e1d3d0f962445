package dev.parley.router.view;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Who owns which shard: rendezvous hashing (Thaler and Ravishankar, "A name-based mapping scheme for rendezvous", 1996)
 * with a cap, so that every router gets at most its share, and one that has just come only as much as it takes yet. Pure:
 * the same routers give the same owners everywhere.
 */
final class Ownership {
  private Ownership() {}

  /** The owner of each shard; empty when there is no router. Routers that drain own only what nobody else could. */
  static List<Member> of(List<Member> members, int shards) {
    List<Member> staying = members.stream().filter(member -> !member.draining()).toList();
    List<Member> candidates = staying.isEmpty() ? members : staying;
    if (candidates.isEmpty()) {
      return List.of();
    }
    Caps caps = Caps.of(candidates, shards);
    Map<Member, Integer> owned = new HashMap<>();
    List<Member> owners = new ArrayList<>(shards);
    for (int shard = 0; shard < shards; shard++) {
      int number = shard;
      Member owner =
          candidates.stream()
              .filter(member -> owned.getOrDefault(member, 0) < caps.of(member))
              .max(Comparator.<Member>comparingLong(member -> weight(member, number)).thenComparing(m -> m.id().name()))
              .orElseThrow();
      owned.merge(owner, 1, Integer::sum);
      owners.add(owner);
    }
    return owners;
  }

  /**
   * How many shards each router owns at most.
   *
   * @param equal who takes fewer than so many yet, gets only those
   * @param share what each of the others gets
   */
  private record Caps(int equal, int share) {
    static Caps of(List<Member> candidates, int shards) {
      int equal = Math.ceilDiv(shards, candidates.size());
      List<Member> growing = candidates.stream().filter(member -> grows(member, equal)).toList();
      int others = candidates.size() - growing.size();
      if (others == 0) {
        return new Caps(0, equal);
      }
      int rest = shards - growing.stream().mapToInt(Member::mostShards).sum();
      return new Caps(equal, Math.ceilDiv(rest, others));
    }

    int of(Member member) {
      return grows(member, equal) ? member.mostShards() : share;
    }

    private static boolean grows(Member member, int equal) {
      return member.mostShards() < equal;
    }
  }

  /** By the name alone, so that a router which comes back gets what it had. */
  private static long weight(Member member, int shard) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(shard).flip());
      sha256.update(member.id().name().getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(sha256.digest()).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
