package dev.parley.router.session;

import dev.parley.router.session.SessionWatches.Conversations;
import dev.parley.v1.Activity;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Whether somebody uses the device of a session, and which conversation is on its screen. Told when it changes. Belongs to
 * the session's thread.
 */
final class DeviceActivity {
  private final SessionLimits limits;
  private final InstantSource clock;
  private final SessionPort port;
  private final Conversations conversations;
  private final Consumer<String> refused;

  private boolean live;
  private boolean present;
  private boolean away;
  private String inView = "";
  private Instant used = Instant.EPOCH;
  private boolean toldActive;
  private String toldInView = "";
  /** What is on the screen is not followed yet. */
  private @Nullable Activity early;

  /** Not connected yet. {@code refused}: is told of a conversation that is not the user's to have on the screen. */
  DeviceActivity(
      SessionLimits limits,
      InstantSource clock,
      SessionPort port,
      Conversations conversations,
      Consumer<String> refused) {
    this.limits = limits;
    this.clock = clock;
    this.port = port;
    this.conversations = conversations;
    this.refused = refused;
  }

  /** The session is open: the device is connected. */
  void opened() {
    present = true;
    used = clock.instant();
    tell(true);
  }

  /** Something was done on the device. */
  void used() {
    used = clock.instant();
    if (present && !away && !toldActive) {
      tell(false);
    }
  }

  /** What the client says of the device. */
  void set(Activity activity) {
    String conversation = activity.getConversationId();
    early = null;
    if (!conversation.isEmpty() && (!live || conversations.isComing(conversation))) {
      early = activity;
      conversation = "";
    } else if (!conversation.isEmpty() && !conversations.isIn(conversation)) {
      refused.accept(conversation);
      conversation = "";
    }
    away = activity.getAway();
    inView = conversation;
    used = clock.instant();
    tell(false);
  }

  /** The session has caught up. */
  void live() {
    live = true;
    followed();
  }

  /** A conversation that was not followed yet may be now. */
  void followed() {
    if (live && early != null) {
      set(early);
    }
  }

  /** The user is no longer a member there. */
  void left(String conversationId) {
    if (inView.equals(conversationId)) {
      inView = "";
      tell(false);
    }
  }

  /** Called about once a second. */
  void tick() {
    if (present) {
      tell(false);
    }
  }

  /** The session is over. {@code broke}: not by the client's will. */
  void ended(boolean broke) {
    early = null;
    if (present) {
      present = false;
      port.absent(broke);
    }
  }

  private void tell(boolean first) {
    boolean active = !away && used.plus(limits.presenceIdle()).isAfter(clock.instant());
    if (first || active != toldActive || !inView.equals(toldInView)) {
      toldActive = active;
      toldInView = inView;
      port.present(active, inView);
    }
  }
}
