package dev.parley.presence.link;

import com.google.protobuf.Duration;
import dev.parley.internal.v1.FromPresence;
import dev.parley.internal.v1.PresenceHello;
import dev.parley.internal.v1.Replay;
import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.Told;
import dev.parley.presence.store.SubjectKey;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashSet;

/**
 * What one router is to be told and has not been yet. Of subjects only which they are: a router that takes its frames
 * slowly is told each as it is in the end, and costs no more than it watches.
 *
 * <p>Belongs to the loop.
 */
final class News {
  /** A frame takes no more subjects when it has so many bytes. */
  private static final int FRAME_BYTES = 256 << 10;

  private final LinkedHashSet<SubjectKey> subjects = new LinkedHashSet<>();
  /** What was asked for and is of a kind that this release does not know: told as not known. */
  private final ArrayDeque<Subject> unknown = new ArrayDeque<>();

  private boolean hello;
  private boolean availability;
  private long generation;

  /** The first frame, which also tells whether the store works. */
  void hello() {
    hello = true;
    availability = true;
  }

  /** The store works, or does not, from now on. */
  void availability() {
    availability = true;
  }

  /** The router is to say everything again. */
  void replay(long under) {
    generation = under;
  }

  void add(SubjectKey subject) {
    subjects.add(subject);
  }

  /** One of these is told as not known, at once; more than a frame has are left out. */
  void unknown(Subject subject) {
    if (unknown.size() < FrameRules.IN_A_FRAME) {
      unknown.add(subject);
    }
  }

  void remove(SubjectKey subject) {
    subjects.remove(subject);
  }

  void clear() {
    subjects.clear();
    unknown.clear();
  }

  boolean isEmpty() {
    return !hello && !availability && generation == 0 && subjects.isEmpty() && unknown.isEmpty();
  }

  /** The next frame, of what is so now. */
  FromPresence next(LinkOwner owner, java.time.Duration lease) {
    FromPresence.Builder frame = FromPresence.newBuilder();
    if (hello) {
      Duration told = Duration.newBuilder().setSeconds(lease.getSeconds()).setNanos(lease.getNano()).build();
      frame.setHello(PresenceHello.newBuilder().setInstance(owner.instance()).setLease(told));
    }
    if (availability) {
      frame.setAvailable(owner.available());
    }
    if (generation != 0) {
      frame.setReplay(Replay.newBuilder().setGeneration(generation));
    }
    hello = false;
    availability = false;
    generation = 0;
    unknown.forEach(subject -> frame.addTold(Told.newBuilder().setSubject(subject)));
    unknown.clear();
    int bytes = 0;
    Iterator<SubjectKey> next = subjects.iterator();
    while (next.hasNext() && frame.getToldCount() < FrameRules.IN_A_FRAME && bytes < FRAME_BYTES) {
      Told told = owner.told(next.next());
      frame.addTold(told);
      bytes += told.getSerializedSize();
      next.remove();
    }
    return frame.build();
  }
}
