package dev.parley.router.view;

import dev.parley.router.feed.RouterId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The routers as one of them knows them at a time, and what follows from it. Immutable. It may be wrong for a moment:
 * nothing that must hold rests on it.
 *
 * @param number the registry's revision of the newest change in the set of routers; grows
 * @param members in order of their names
 * @param owners by shard; empty while there is no router
 */
public record View(long number, List<Member> members, List<Member> owners) {
  /** Knows nobody. */
  public static final View NOBODY = new View(0, List.of(), List.of());

  /** What these routers make of so many shards. */
  static View of(long number, List<Member> members, int shards) {
    return new View(number, List.copyOf(members), List.copyOf(Ownership.of(members, shards)));
  }

  /** The owner of a shard; null: nobody is there. */
  public @Nullable RouterId owner(int shard) {
    return owners.isEmpty() ? null : owners.get(shard).id();
  }

  /** The router of this incarnation; null: it is not there. */
  public @Nullable Member member(long incarnation) {
    for (Member member : members) {
      if (member.id().incarnation() == incarnation) {
        return member;
      }
    }
    return null;
  }

  /** This very life of a router is there. */
  public boolean has(RouterId router) {
    Member member = member(router.incarnation());
    return member != null && member.id().equals(router);
  }
}
