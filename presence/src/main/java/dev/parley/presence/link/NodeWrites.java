package dev.parley.presence.link;

import dev.parley.internal.v1.NodeEntry;
import dev.parley.presence.store.Change;
import dev.parley.presence.store.PresenceStore;
import dev.parley.presence.store.SubjectKey;
import dev.parley.presence.store.TermId;
import dev.parley.presence.store.Versioned;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;

/**
 * The writes of one generation: of each partition one at a time, and what comes meanwhile goes with the next, of each
 * subject only the latest. After a write whose outcome is not known it writes nothing any more.
 *
 * <p>Belongs to the loop.
 */
final class NodeWrites {
  private static final int IN_A_WRITE = 1_000;

  /** Beyond so many subjects that wait, the router is to wait. */
  private static final int ROOM = 20_000;

  private final TermId term;
  private final PresenceStore store;
  private final Executor loop;
  private final WriteBudget budget;
  private final Events events;
  private final Runnable turn = this::write;
  private final Partition[] partitions = new Partition[SubjectKey.PARTITIONS];
  private int waiting;
  private int next;
  private long version;
  private boolean broken;
  private boolean marked;

  /** What becomes of writes; on the loop. */
  interface Events {
    /** It is not known whether a write took place. */
    void outcomeUnknown(NodeWrites writes);

    /** Everything before the mark is written. */
    void reachedMark(NodeWrites writes);

    /** There is room again. */
    void hasRoom();
  }

  private static final class Partition {
    private final LinkedHashMap<SubjectKey, NodeEntry> waiting = new LinkedHashMap<>();
    private int underWay;
    /** How many that waited at the mark, or were under way, are not written yet: the first in line. */
    private int owed;
  }

  NodeWrites(TermId term, PresenceStore store, Executor loop, WriteBudget budget, Events events) {
    this.term = term;
    this.store = store;
    this.loop = loop;
    this.budget = budget;
    this.events = events;
    for (int i = 0; i < partitions.length; i++) {
      partitions[i] = new Partition();
    }
  }

  TermId term() {
    return term;
  }

  /** Whether more may come in. */
  boolean room() {
    return waiting < ROOM;
  }

  /** What is so of a subject now; written by the next {@link #write}. */
  void put(SubjectKey subject, NodeEntry entry) {
    Partition partition = partitions[subject.partition()];
    NodeEntry before = partition.waiting.get(subject);
    NodeEntry now = entry;
    if (before == null) {
      waiting++;
    } else if (before.hasLastKnown() && !entry.hasLastKnown()) {
      now = entry.toBuilder().setLastKnown(before.getLastKnown()).build();
    }
    partition.waiting.put(subject, now);
  }

  /** Once everything that has been put is written, {@link Events#reachedMark} is called. */
  void mark() {
    marked = true;
    for (Partition partition : partitions) {
      partition.owed = partition.underWay + partition.waiting.size();
    }
    checkMark();
  }

  private void checkMark() {
    if (marked && !broken) {
      for (Partition partition : partitions) {
        if (partition.owed > 0) {
          return;
        }
      }
      marked = false;
      events.reachedMark(this);
    }
  }

  /** Begins to write what waits, wherever no write is under way, as far as the budget goes. */
  void write() {
    for (int tried = 0; tried < partitions.length && waiting > 0 && !broken; tried++) {
      Partition partition = partitions[next];
      if (partition.underWay == 0 && !partition.waiting.isEmpty()) {
        int size = budget.take(Math.min(IN_A_WRITE, partition.waiting.size()), turn);
        if (size == 0) {
          return;
        }
        write(next, partition, size);
      }
      next = (next + 1) % partitions.length;
    }
  }

  private void write(int number, Partition partition, int size) {
    List<Change> changes = new ArrayList<>(size);
    Iterator<Map.Entry<SubjectKey, NodeEntry>> next = partition.waiting.entrySet().iterator();
    while (changes.size() < size) {
      changes.add(change(next.next()));
      next.remove();
    }
    waiting -= changes.size();
    partition.underWay = changes.size();
    store
        .apply(term, number, changes)
        .whenCompleteAsync((unused, failure) -> written(partition, size, failure != null), loop);
  }

  private Change change(Map.Entry<SubjectKey, NodeEntry> entry) {
    NodeEntry said = entry.getValue();
    version++;
    return new Change(
        entry.getKey(),
        new Versioned(version, said.toBuilder().clearSubject().clearLastKnown().build()),
        said.hasLastKnown() ? said.getLastKnown() : null);
  }

  private void written(Partition partition, int size, boolean failed) {
    partition.underWay = 0;
    if (!broken && failed) {
      broken = true;
      events.outcomeUnknown(this);
    } else if (!broken) {
      partition.owed = Math.max(0, partition.owed - size);
      if (room()) {
        events.hasRoom();
      }
      checkMark();
    }
    budget.give(size);
    write();
  }

  /** Hands over what is not under way, to be written under another generation. */
  void moveTo(NodeWrites next) {
    for (Partition partition : partitions) {
      partition.waiting.forEach(next::put);
      partition.waiting.clear();
    }
    waiting = 0;
    broken = true;
  }
}
