package dev.parley.conversation;

import dev.parley.v1.Role;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.pcollections.TreePMap;

/** The members and former members of a conversation, in order of their ids. Immutable; changes share structure. */
record Members(TreePMap<String, Membership> byUser, int count, int owners) {
  static final Members NOBODY = new Members(TreePMap.empty(), 0, 0);

  static Members of(Collection<Membership> all) {
    Members members = NOBODY;
    for (Membership membership : all) {
      members = members.with(membership);
    }
    return members;
  }

  @Nullable Membership get(String userId) {
    return byUser.get(userId);
  }

  Members with(Membership membership) {
    Membership before = byUser.get(membership.userId());
    return new Members(
        byUser.plus(membership.userId(), membership),
        count + weight(membership.isCurrent()) - weight(before != null && before.isCurrent()),
        owners + weight(isOwner(membership)) - weight(before != null && isOwner(before)));
  }

  /** This user becomes a member by the event {@code seq}; one who is a member already stays as is. */
  Members joining(String userId, long seq, ReadableRange range) {
    Membership before = byUser.get(userId);
    if (before == null) {
      return with(new Membership(userId, Role.ROLE_MEMBER, List.of(range), false, seq));
    }
    return before.isCurrent() ? this : with(before.joined(seq, range));
  }

  Stream<Membership> currentAfter(String userId) {
    return byUser.tailMap(userId, false).values().stream().filter(Membership::isCurrent);
  }

  private static boolean isOwner(Membership membership) {
    return membership.role() == Role.ROLE_OWNER;
  }

  private static int weight(boolean counts) {
    return counts ? 1 : 0;
  }
}
