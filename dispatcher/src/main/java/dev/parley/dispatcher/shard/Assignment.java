package dev.parley.dispatcher.shard;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Which dispatcher follows which shard: rendezvous hashing (Thaler and Ravishankar, 1996) by name, nobody more than a share
 * rounded up. Pure: the same dispatchers give the same shards everywhere.
 */
final class Assignment {
  private Assignment() {}

  /** The shards of the dispatcher with this name. */
  static Set<Integer> of(String self, Collection<String> dispatchers, int shards) {
    Set<Integer> own = new HashSet<>();
    if (dispatchers.isEmpty()) {
      return own;
    }
    int most = Math.ceilDiv(shards, dispatchers.size());
    Map<String, Integer> counts = new HashMap<>();
    for (int shard = 0; shard < shards; shard++) {
      int number = shard;
      String name =
          dispatchers.stream()
              .filter(one -> counts.getOrDefault(one, 0) < most)
              .max(Comparator.<String>comparingLong(one -> weight(one, number)).thenComparing(one -> one))
              .orElseThrow();
      counts.merge(name, 1, Integer::sum);
      if (name.equals(self)) {
        own.add(shard);
      }
    }
    return own;
  }

  private static long weight(String name, int shard) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(shard).flip());
      sha256.update(name.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(sha256.digest()).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
