package dev.parley.router.session;

import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.Told;
import dev.parley.router.loop.Loop;
import dev.parley.router.presence.PresenceHub;
import dev.parley.router.presence.PresenceLink;
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

  private final int index;
  private final Loop loop;
  private @Nullable PresenceLink link;
  private final Map<Subject, Watched> watched = new HashMap<>();
  private final Set<Watcher> watchers = new LinkedHashSet<>();
  private final Set<Watcher> news = new LinkedHashSet<>();
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

  /** A subject is otherwise now, or is otherwise seen by some. */
  void mayLookOtherwise(Subject subject) {
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
    for (Watcher watcher : List.copyOf(news)) {
      news.remove(watcher);
      try {
        watcher.tell(available, this::viewOf);
        if (watcher.hasNews(available)) {
          news.add(watcher); // it does not take frames at the moment
        }
      } catch (RuntimeException e) {
        LOG.error("a fault while {} was told of what it watches", watcher, e);
        watcher.fault(e);
      }
    }
    loop.after(BETWEEN, this::tellAll);
  }

  private @Nullable Told viewOf(Subject subject) {
    Watched known = watched.get(subject);
    return known == null ? null : known.told;
  }
}
