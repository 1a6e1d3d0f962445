package dev.parley.presence.link;

import dev.parley.internal.v1.Told;
import dev.parley.presence.store.Change;
import dev.parley.presence.store.Leases;
import dev.parley.presence.store.PresenceStore;
import dev.parley.presence.store.SubjectKey;
import dev.parley.presence.store.Term;
import dev.parley.presence.store.TermId;
import dev.parley.presence.table.PresenceTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One instance of presence between its links and the store: it renews the leases of the routers that are linked, reads
 * what is watched, and tells what has changed.
 *
 * <p>The store counts as available from the first renewal that succeeds after it said {@code up}, until it says {@code
 * down}. Everything that is to be said or written waits for the end of the turn, so that what comes together goes
 * together.
 *
 * <p>Belongs to the loop, but for what is said by the store.
 */
final class PresenceCore implements LinkOwner, PresenceStore.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(PresenceCore.class);

  private static final int RETRIES_A_BEAT = 10;

  /** What Redis does in a small part of the time that a call may take. */
  private static final int CHANGES_UNDER_WAY = 2_000;

  private final String instance;
  private final LinkTimes times;
  private final PresenceStore store;
  private final Executor loop;
  private final LongSupplier nanos;
  private final PresenceMetrics metrics;
  private final PresenceTable table = new PresenceTable();
  private final Watchers watchers = new Watchers();
  private final WriteBudget budget = new WriteBudget(CHANGES_UNDER_WAY);
  private final Readings readings;
  private final Set<NodeLink> links = new LinkedHashSet<>();
  private final Map<String, NodeLink> linked = new HashMap<>();
  private final Set<NodeLink> busy = new LinkedHashSet<>();

  private boolean up;
  private boolean available;
  private boolean renewing;
  /** Counts how often the store went up or down, so that answers of before are known. */
  private int lives;

  private long epoch;
  private long nextBeat;
  private boolean turnIsDue;

  PresenceCore(
      String instance,
      LinkTimes times,
      PresenceStore store,
      Executor loop,
      LongSupplier nanos,
      PresenceMetrics metrics) {
    this.metrics = metrics;
    this.instance = instance;
    this.times = times;
    this.store = store;
    this.loop = loop;
    this.nanos = nanos;
    this.nextBeat = nanos.getAsLong();
    this.readings = new Readings(store, table, loop, this::leasesChanged);
    table.settle(nanos.getAsLong() + times.settle().toNanos());
  }

  /** Opens the store. */
  void start() {
    store.open(this);
  }

  /** A router has opened a stream. */
  NodeLink open(Wire wire) {
    NodeLink link = new NodeLink(this, wire, times, store, loop);
    links.add(link);
    return link;
  }

  /** Time has passed: to be called ten times in a heartbeat. */
  void tick() {
    table.tick(nanos.getAsLong());
    List.copyOf(links).forEach(NodeLink::tick);
    later();
  }

  private void renew() {
    renewing = true;
    nextBeat = nanos.getAsLong() + times.heartbeat().toNanos();
    int life = lives;
    Map<String, Long> incarnations = new HashMap<>();
    Map<NodeLink, TermId> asked = new HashMap<>();
    linked.forEach(
        (node, link) -> {
          incarnations.put(node, link.incarnation());
          TermId term = link.term();
          if (term != null) {
            asked.put(link, term);
          }
        });
    store
        .renew(incarnations, times.lease())
        .whenCompleteAsync(
            (leases, failure) -> {
              renewing = false;
              if (failure == null && life == lives) {
                renewed(leases, asked);
              } else {
                nextBeat = nanos.getAsLong() + times.heartbeat().toNanos() / RETRIES_A_BEAT;
              }
            },
            loop);
  }

  private void renewed(Leases leases, Map<NodeLink, TermId> asked) {
    long now = nanos.getAsLong();
    boolean lost = epoch != 0 && epoch != leases.epoch();
    if (lost || !available) {
      if (lost) {
        LOG.warn("presence has lost its data: routers are asked for it again");
      }
      Set<String> routers = new HashSet<>(table.nodes());
      routers.addAll(linked.keySet());
      table.settle(now + times.settle().toNanos(), routers);
    }
    epoch = leases.epoch();
    List<Term> terms = new ArrayList<>(leases.terms());
    Set<TermId> valid = new HashSet<>();
    terms.forEach(term -> valid.add(term.id()));
    for (NodeLink link : linked.values()) {
      TermId term = link.term();
      if (term != null && !valid.contains(term)) {
        if (term.equals(asked.get(link))) {
          link.replayNeeded();
        } else {
          terms.add(new Term(term, link.incarnation(), false, times.lease()));
        }
      }
    }
    table.leases(terms, now);
    readings.leases(leases.version());
    if (!available) {
      available = true;
      LOG.info("presence is available");
      readings.addAll(table.watched());
      linked.values().forEach(NodeLink::availabilityChanged);
    }
    later();
  }

  @Override
  public void up() {
    loop.execute(
        () -> {
          up = true;
          lives++;
          leasesChanged();
        });
  }

  @Override
  public void down() {
    loop.execute(
        () -> {
          up = false;
          lives++;
          if (available) {
            available = false;
            LOG.warn("presence is not available: everything reads unknown");
            linked.values().forEach(NodeLink::availabilityChanged);
            readings.waiting().forEach(watchers::tell);
          }
        });
  }

  @Override
  public boolean wants(SubjectKey subject) {
    return watchers.has(subject);
  }

  @Override
  public void changed(TermId term, List<Change> changes) {
    loop.execute(
        () -> {
          metrics.changed(changes.size());
          if (!table.changed(term, changes)) {
            leasesChanged();
          }
          later();
        });
  }

  @Override
  public void linked(NodeLink link) {
    NodeLink before = linked.put(link.node(), link);
    if (before != null) {
      before.displaced();
    }
    LOG.info("router {} is linked", link.node());
  }

  @Override
  public void ended(NodeLink link, Set<SubjectKey> watched) {
    links.remove(link);
    busy.remove(link);
    if (linked.remove(link.node(), link)) {
      LOG.info("the link of router {} has ended", link.node());
    }
    watched.forEach(subject -> unwatch(link, subject));
  }

  @Override
  public void drawn(NodeLink link, TermId term) {
    List<Term> terms = new ArrayList<>(table.terms());
    terms.add(new Term(term, link.incarnation(), false, times.lease()));
    table.leases(terms, nanos.getAsLong());
  }

  /** They are looked at by the end of the turn. */
  @Override
  public void leasesChanged() {
    nextBeat = nanos.getAsLong();
    later();
  }

  @Override
  public void watch(NodeLink link, SubjectKey subject) {
    if (watchers.add(subject, link)) {
      table.watch(subject);
      readings.watch(subject);
    }
    if (table.isKnown(subject) || !available) {
      link.tell(subject);
    }
  }

  @Override
  public void unwatch(NodeLink link, SubjectKey subject) {
    if (watchers.remove(subject, link)) {
      table.unwatch(subject);
      readings.unwatch(subject);
    }
  }

  @Override
  public void busy(NodeLink link) {
    busy.add(link);
    later();
  }

  private void later() {
    if (!turnIsDue) {
      turnIsDue = true;
      loop.execute(this::turn);
    }
  }

  private void turn() {
    turnIsDue = false;
    if (up && !renewing && nanos.getAsLong() - nextBeat >= 0) {
      renew();
    }
    if (available) {
      readings.read(this::later);
    }
    table.drainNews().forEach(watchers::tell);
    List<NodeLink> working = List.copyOf(busy);
    busy.clear();
    working.forEach(NodeLink::turn);
  }

  @Override
  public Told told(SubjectKey subject) {
    return table.told(subject);
  }

  @Override
  public String instance() {
    return instance;
  }

  @Override
  public boolean available() {
    return available;
  }

  @Override
  public long nanos() {
    return nanos.getAsLong();
  }

  @Override
  public WriteBudget budget() {
    return budget;
  }

  /** The generations that are valid. */
  List<Term> terms() {
    return table.terms();
  }

  /** The link of a router; null: it is not linked here. */
  @Nullable NodeLink link(String node) {
    return linked.get(node);
  }

  int watchedSubjects() {
    return table.watched().size();
  }

  /** Ends all links. */
  void close() {
    List.copyOf(links).forEach(NodeLink::close);
  }
}
