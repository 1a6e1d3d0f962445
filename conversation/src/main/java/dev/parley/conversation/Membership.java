package dev.parley.conversation;

import dev.parley.v1.Role;
import java.util.ArrayList;
import java.util.List;

/**
 * What a user is, or was, to a conversation.
 *
 * @param userId who
 * @param role the role now; ROLE_UNSPECIFIED: a former member
 * @param ranges what the user may read, in order; never empty, and only the last one may be open
 * @param removed was removed by somebody, so cannot join again without being added
 * @param joinedSeq the event that made the user a member; 0: a former member
 */
public record Membership(String userId, Role role, List<ReadableRange> ranges, boolean removed, long joinedSeq) {
  public Membership {
    ranges = List.copyOf(ranges);
  }

  /** Whether the user is a member now. */
  public boolean isCurrent() {
    return role != Role.ROLE_UNSPECIFIED;
  }

  /** Whether the user may read the event with this seq, should it exist. */
  public boolean canRead(long seq) {
    return ranges.stream().anyMatch(range -> range.contains(seq));
  }

  Membership withRole(Role newRole) {
    return new Membership(userId, newRole, ranges, removed, joinedSeq);
  }

  /** A member from here on, with the range {@code range} beside the old ones. */
  Membership joined(long seq, ReadableRange range) {
    List<ReadableRange> all = new ArrayList<>(ranges);
    // With the whole history open, the old ranges lie inside the new one.
    all.removeIf(old -> old.firstSeq() >= range.firstSeq());
    all.add(range);
    return new Membership(userId, Role.ROLE_MEMBER, all, false, seq);
  }

  /** No member any more; the event with this seq is the last that the user gets. */
  Membership ended(long seq, long messageCount, boolean byRemoval) {
    List<ReadableRange> all = new ArrayList<>(ranges);
    all.set(all.size() - 1, all.getLast().closedAt(seq, messageCount));
    return new Membership(userId, Role.ROLE_UNSPECIFIED, all, byRemoval, 0);
  }
}
