package dev.parley.bench.push;

import dev.parley.bench.push.Lab.Phone;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What became of the pushes since this was made, as the phones tell it. A phone's badge counts the messages that its user
 * was told of, and nobody reads any: where it has grown by more than pushes came, one push has told of several messages.
 * A push that was given up counts for the badge, too, so it looks like one that collapsed: dead letters tell of those. Used
 * by one thread.
 */
final class PushCount {
  private final PushCrowd crowd;
  private final Map<String, Phone> before = new HashMap<>();
  private final Map<String, Long> ackedBefore = new HashMap<>();

  /**
   * What became of them.
   *
   * @param expected a push for each message and member
   * @param received pushes that have come
   * @param collapsed those that were not sent, since another one told of the message
   * @param twice those that have come more than once
   * @param lost messages of which a member was not told
   */
  record Sum(long expected, long received, long collapsed, long twice, long lost) {
    static Sum of(long messages, Phone before, Phone after) {
      long told = after.badge() - before.badge();
      long received = after.received() - before.received();
      return new Sum(
          messages, received, Math.max(0, told - received), Math.max(0, received - told), Math.max(0, messages - told));
    }

    Sum plus(Sum other) {
      return new Sum(
          expected + other.expected,
          received + other.received,
          collapsed + other.collapsed,
          twice + other.twice,
          lost + other.lost);
    }
  }

  /** Counts from here. Everybody must have got a push, and all pushes must have come. */
  PushCount(PushCrowd crowd) throws IOException, InterruptedException {
    this.crowd = crowd;
    for (Group group : crowd.groups()) {
      ackedBefore.put(group.label(), group.acked());
      for (Phone phone : crowd.phones(group.label())) {
        before.put(phone.name(), phone);
      }
    }
  }

  /** What has become of them by now. */
  Sum now() throws IOException, InterruptedException {
    Sum all = new Sum(0, 0, 0, 0, 0);
    for (Group group : crowd.groups()) {
      long messages = group.acked() - ackedBefore.getOrDefault(group.label(), 0L);
      List<Phone> phones = crowd.phones(group.label());
      for (Phone phone : phones) {
        all = all.plus(Sum.of(messages, before.getOrDefault(phone.name(), phone), phone));
      }
    }
    return all;
  }
}
