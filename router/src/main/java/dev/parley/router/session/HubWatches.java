package dev.parley.router.session;

import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.Told;
import dev.parley.router.loop.Loop;
import dev.parley.router.presence.PresenceHub;
import dev.parley.router.presence.PresenceLink;
import dev.parley.router.presence.Subjects;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the sessions of one loop watch, each subject once however many of them do. They are told of all changes of a short
 * time in one frame. Everything but {@link #execute} on the loop.
 */
final class HubWatches implements PresenceHub {
  private static final Logger LOG = LoggerFactory.getLogger(HubWatches.class);

  /** A session is told so often at most: bounds what one that watches much costs, and hides what flaps. */
  private static final Duration BETWEEN = Duration.ofMillis(500);

  /** The first change after a quiet time waits only for what comes with it. */
  private static final Duration TOGETHER = Duration.ofMillis(50);

  /** So many are told in one go: the loop carries messages, too. */
  private static final int A_TURN = 256;

  private final int index;
  private final Loop loop;
  private @Nullable PresenceLink link;
  private final Map<Subject, Watched> watched = new HashMap<>();
  private final Set<Watcher> watchers = new LinkedHashSet<>();
  private final Set<Watcher> news = new LinkedHashSet<>();
  /** Watchers with news that do not take frames at the moment. */
  private final Set<Watcher> slow = new LinkedHashSet<>();
  private boolean available;
  /** What is news is told soon, or something was told lately and the next time is set. */
  private boolean telling;

  private static final class Watched {
    private final Set<Watcher> by = new LinkedHashSet<>(2);
    private @Nullable Told told;
  }

  HubWatches(int index, Loop loop) {
    this.index = index;
    this.loop = loop;
  }

  /** The link, before the first session comes. */
  void use(PresenceLink opened) {
    link = opened;
  }

  /** The link. */
  PresenceLink link() {
    return Objects.requireNonNull(link, "sessions before the link");
  }

  @Override
  public void execute(Runnable task) {
    loop.execute(task);
  }

  /** A session watches a subject from now on. */
  void watch(Subject subject, Watcher watcher) {
    Watched known = watched.get(subject);
    if (known == null) {
      known = new Watched();
      watched.put(subject, known);
      link().watch(index, subject);
    }
    known.by.add(watcher);
    watchers.add(watcher);
    if (known.told != null) {
      watcher.changed(subject);
    }
    news(watcher);
  }

  /** A session does not watch a subject any more. */
  void unwatch(Subject subject, Watcher watcher) {
    Watched known = watched.get(subject);
    if (known != null && known.by.remove(watcher) && known.by.isEmpty()) {
      watched.remove(subject);
      link().unwatch(index, subject);
    }
  }

  /** A session has ended. */
  void ended(Watcher watcher) {
    watchers.remove(watcher);
    news.remove(watcher);
    slow.remove(watcher);
  }

  @Override
  public void told(List<Told> told) {
    for (Told one : told) {
      Watched known = watched.get(one.getSubject());
      if (known != null) {
        known.told = one;
        mayLookOtherwise(one.getSubject());
      }
    }
  }

  /** A user's list of blocked users has changed: some see them otherwise now, alone and among others. */
  void blocksChanged(String userId) {
    mayLookOtherwise(Subjects.user(userId));
    watched.forEach(
        (subject, known) -> {
          if (known.told != null && known.told.getRoom().getUserIdsList().contains(userId)) {
            mayLookOtherwise(subject);
          }
        });
  }

  private void mayLookOtherwise(Subject subject) {
    Watched known = watched.get(subject);
    if (known != null) {
      for (Watcher watcher : known.by) {
        watcher.changed(subject);
        news(watcher);
      }
    }
  }

  @Override
  public void available(boolean now) {
    available = now;
    watchers.forEach(this::news);
  }

  private void news(Watcher watcher) {
    news.add(watcher);
    if (!telling) {
      telling = true;
      loop.after(TOGETHER, this::tellAll);
    }
  }

  private void tellAll() {
    if (news.isEmpty()) {
      telling = false;
      return;
    }
    List<Watcher> turn = news.stream().limit(A_TURN).toList();
    boolean more = turn.size() < news.size();
    turn.forEach(news::remove);
    for (Watcher watcher : turn) {
      try {
        watcher.tell(available, this::viewOf);
        if (watcher.hasNews(available)) {
          slow.add(watcher);
        }
      } catch (RuntimeException e) {
        LOG.error("a fault while {} was told of what it watches", watcher, e);
        watcher.fault(e);
      }
    }
    if (more) {
      loop.execute(this::tellAll);
    } else {
      news.addAll(slow);
      slow.clear();
      loop.after(BETWEEN, this::tellAll);
    }
  }

  private @Nullable Told viewOf(Subject subject) {
    Watched known = watched.get(subject);
    return known == null ? null : known.told;
  }
}
