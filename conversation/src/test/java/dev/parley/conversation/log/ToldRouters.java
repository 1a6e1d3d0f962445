package dev.parley.conversation.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Writes down what a watcher is told, as {@code router=entry} and {@code router gone}. */
public final class ToldRouters implements Registry.Watcher {
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final List<Long> revisions = new CopyOnWriteArrayList<>();

  @Override
  public void announced(String router, byte[] entry, long revision) {
    revisions.add(revision);
    lines.add(router + "=" + new String(entry, UTF_8));
  }

  @Override
  public void gone(String router, long revision) {
    revisions.add(revision);
    lines.add(router + " gone");
  }

  /** What was told, in order. */
  public List<String> lines() {
    return lines;
  }

  /** The revisions of the lines. */
  public List<Long> revisions() {
    return revisions;
  }
}
