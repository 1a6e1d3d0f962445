package dev.parley.pushlab.phone;

import dev.parley.v1.PushTarget;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A phone or a browser: what it shows, and what it has got. Thread-safe. */
public final class Phone {
  private static final int MOST_SHOWN = 1_000;

  private final String id;
  private final String name;
  private final Kind kind;
  private final PushTarget target;
  private final int keep;
  private final Map<String, Received> shown = new LinkedHashMap<>();
  private final Deque<Received> received = new ArrayDeque<>();
  private long count;
  private int badge;
  private volatile boolean registered = true;

  Phone(String id, String name, Kind kind, PushTarget target, int keep) {
    this.id = id;
    this.name = name;
    this.kind = kind;
    this.target = target;
    this.keep = keep;
  }

  /** By what the lab knows it. */
  public String id() {
    return id;
  }

  /** As its maker called it. */
  public String name() {
    return name;
  }

  /** Through which service it is reached. */
  public Kind kind() {
    return kind;
  }

  /** Where it is reached. */
  public PushTarget target() {
    return target;
  }

  /** Whether the app is still there: its token is good. */
  public boolean isRegistered() {
    return registered;
  }

  void unregister() {
    registered = false;
  }

  /** Shows a push, or takes away what it withdraws. Whether it remembers one more push now. */
  synchronized boolean receive(Received push) {
    count++;
    received.addLast(push);
    boolean more = received.size() <= keep;
    if (!more) {
      received.removeFirst();
    }
    badge = push.badge();
    if (push.withdraw()) {
      shown.values().removeIf(
          old -> old.conversationId().equals(push.conversationId()) && old.seq() <= push.seq());
    } else {
      shown.remove(push.collapseId());
      shown.put(push.collapseId(), push);
      if (shown.size() > MOST_SHOWN) {
        shown.remove(shown.keySet().iterator().next());
      }
    }
    return more;
  }

  /** Remembers its oldest push no longer. */
  synchronized void forget() {
    received.pollFirst();
  }

  /** What its screen shows, oldest first. */
  public synchronized List<Received> shown() {
    return List.copyOf(shown.values());
  }

  /** The newest pushes that it has got, oldest first. */
  public synchronized List<Received> received() {
    return List.copyOf(received);
  }

  /** How many pushes it has got. */
  public synchronized long count() {
    return count;
  }

  /** The number at the app's icon. */
  public synchronized int badge() {
    return badge;
  }

  /** The pushes that it has got, as in the feed. */
  public List<Map<String, Object>> receivedJson() {
    return received().stream().map(push -> push.json(name, kind.provider())).toList();
  }

  /** For the page and for scripts. */
  public synchronized Map<String, Object> json() {
    List<Map<String, Object>> notifications = new ArrayList<>();
    shown.values().forEach(push -> notifications.add(push.json(name, kind.provider())));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", id);
    json.put("name", name);
    json.put("provider", kind.provider());
    json.put("registered", registered);
    json.put("badge", badge);
    json.put("received", count);
    json.put("notifications", notifications);
    return json;
  }
}
