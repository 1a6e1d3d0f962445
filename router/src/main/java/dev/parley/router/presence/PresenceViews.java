package dev.parley.router.presence;

import dev.parley.internal.v1.RoomOnNode;
import dev.parley.internal.v1.Told;
import dev.parley.internal.v1.UserView;
import dev.parley.v1.DevicePresence;
import dev.parley.v1.LastSeenRule;
import dev.parley.v1.Presence;
import dev.parley.v1.PresenceSettings;
import dev.parley.v1.PresenceState;
import dev.parley.v1.Room;
import java.util.function.BiPredicate;

/** What one user sees of another, and of a room: where the rules of privacy are. Pure. */
public final class PresenceViews {
  private static final long MINUTE_MS = 60_000;

  private PresenceViews() {}

  /**
   * A user as {@code viewer} sees them.
   *
   * @param hasBlocked whether the first one has blocked the second
   */
  public static Presence presence(Told told, String viewer, BiPredicate<String, String> hasBlocked) {
    String userId = told.getSubject().getUserId();
    Presence.Builder presence = Presence.newBuilder().setUserId(userId);
    if (!told.hasUser()) {
      return presence.setState(PresenceState.PRESENCE_STATE_UNKNOWN).build();
    }
    UserView user = told.getUser();
    if (viewer.equals(userId)) {
      return presence
          .setState(state(user))
          .setStatusText(user.getSettings().getSettings().getStatusText())
          .addAllDevices(user.getDevicesList())
          .build();
    }
    if (hasBlocked.test(userId, viewer)) {
      return presence.setState(PresenceState.PRESENCE_STATE_OFFLINE).build();
    }
    PresenceSettings settings = user.getSettings().getSettings();
    presence.setStatusText(settings.getStatusText());
    if (settings.getInvisible()) {
      return presence.setState(PresenceState.PRESENCE_STATE_OFFLINE).build();
    }
    presence.setState(state(user));
    boolean mayKnowWhen = settings.getLastSeenRule() != LastSeenRule.LAST_SEEN_RULE_NOBODY;
    if (presence.getState() == PresenceState.PRESENCE_STATE_OFFLINE && user.getSeenMs() > 0 && mayKnowWhen) {
      presence.getLastSeenTimeBuilder().setSeconds(user.getSeenMs() / MINUTE_MS * (MINUTE_MS / 1000));
    }
    return presence.build();
  }

  /** The state over all devices. */
  private static PresenceState state(UserView user) {
    PresenceState most = PresenceState.PRESENCE_STATE_OFFLINE;
    for (DevicePresence device : user.getDevicesList()) {
      most = device.getState().compareTo(most) > 0 ? device.getState() : most;
    }
    return most;
  }

  /** A room as {@code viewer} sees it. */
  public static Room room(Told told, String viewer, BiPredicate<String, String> hasBlocked) {
    Room.Builder room = Room.newBuilder().setConversationId(told.getSubject().getConversationId());
    if (!told.hasRoom()) {
      return room.setUnknown(true).build();
    }
    RoomOnNode here = told.getRoom();
    int hidden = 0;
    for (String userId : here.getUserIdsList()) {
      if (hasBlocked.test(userId, viewer)) {
        hidden++;
      } else {
        room.addUserIds(userId);
      }
    }
    return room.setCount(here.getCount() - hidden).build();
  }
}
