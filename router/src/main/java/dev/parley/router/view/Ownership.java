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
 * with a cap, so that every router gets at most its share. Pure: the same routers give the same owners everywhere.
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
    int cap = Math.ceilDiv(shards, candidates.size());
    Map<Member, Integer> owned = new HashMap<>();
    List<Member> owners = new ArrayList<>(shards);
    for (int shard = 0; shard < shards; shard++) {
      int number = shard;
      Member owner =
          candidates.stream()
              .filter(member -> owned.getOrDefault(member, 0) < cap)
              .max(Comparator.<Member>comparingLong(member -> weight(member, number)).thenComparing(m -> m.id().name()))
              .orElseThrow();
      owned.merge(owner, 1, Integer::sum);
      owners.add(owner);
    }
    return owners;
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
