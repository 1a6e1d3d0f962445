package dev.parley.presence.link;

import dev.parley.internal.v1.Told;
import dev.parley.presence.store.SubjectKey;
import dev.parley.presence.store.TermId;
import java.util.Set;

/** What all links of an instance share. Called on the loop. */
interface LinkOwner {
  String instance();

  boolean available();

  long nanos();

  WriteBudget budget();

  /** The hello was said. */
  void linked(NodeLink link);

  /** It has ended; {@code watched}: what it watched until now. */
  void ended(NodeLink link, Set<SubjectKey> watched);

  /** A generation was drawn: it is valid. */
  void drawn(NodeLink link, TermId term);

  /** The table of leases has changed. */
  void leasesChanged();

  void watch(NodeLink link, SubjectKey subject);

  void unwatch(NodeLink link, SubjectKey subject);

  Told told(SubjectKey subject);

  /** There is something to write or to tell at the end of the turn. */
  void busy(NodeLink link);
}
