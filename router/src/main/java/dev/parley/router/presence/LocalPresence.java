package dev.parley.router.presence;

import dev.parley.internal.v1.LastKnown;
import dev.parley.internal.v1.NodeEntry;
import dev.parley.internal.v1.RoomOnNode;
import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.UserOnNode;
import dev.parley.internal.v1.VersionedSettings;
import dev.parley.v1.DevicePresence;
import dev.parley.v1.PresenceState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is so of users and rooms on this router, and what of it has changed since it was told. Remembers which subjects
 * have changed, never what was said of them, so it grows with the sessions alone. Belongs to the link's loop.
 */
final class LocalPresence {
  /** So many of those who have a conversation in view are named. */
  static final int SAMPLE = 20;

  /** How often what is remembered of one who stays is written again: how wrong it is when this router dies. */
  private static final Duration REMEMBER_AGAIN = Duration.ofMinutes(5);

  private static final int MOST_ELSEWHERE = 10_000;

  private final Map<String, LocalSession> sessions = new HashMap<>();
  private final Map<String, LocalUser> users = new HashMap<>();
  /** By conversation: its viewers, each with the number of sessions that show it. */
  private final Map<String, TreeMap<String, Integer>> rooms = new HashMap<>();
  private final LinkedHashSet<Subject> changed = new LinkedHashSet<>();
  /** Sessions that have gone, and until when their devices count as connected. */
  private final Map<String, Instant> lingering = new HashMap<>();

  /** Settings of users without a session here, until they are told. */
  private final Map<String, VersionedSettings> changedElsewhere = new HashMap<>();

  private static final class LocalUser {
    private final Set<String> sessionIds = new LinkedHashSet<>(2);
    private @Nullable VersionedSettings settings;
    private Instant remembered = Instant.EPOCH;

    boolean isVisible() {
      return settings != null && !settings.getSettings().getInvisible();
    }
  }

  /** A session has come, or is otherwise now; true: its user's settings are not known and must be told. */
  boolean put(String sessionId, LocalSession session) {
    LocalSession before = sessions.put(sessionId, session);
    if (session.equals(before)) {
      return false;
    }
    LocalUser user = users.computeIfAbsent(session.userId(), id -> new LocalUser());
    user.sessionIds.add(sessionId);
    lingering.remove(sessionId);
    if (before == null) {
      endLingering(session, sessionId, user);
    }
    String roomBefore = before == null ? "" : before.conversationInView();
    if (!roomBefore.equals(session.conversationInView())) {
      leaveRoom(roomBefore, session.userId());
      enterRoom(session.conversationInView(), session.userId());
    }
    changed.add(Subjects.user(session.userId()));
    return user.settings == null;
  }

  /** The device is back: its broken sessions need not be waited for. */
  private void endLingering(LocalSession session, String except, LocalUser user) {
    for (String id : List.copyOf(user.sessionIds)) {
      LocalSession other = sessions.get(id);
      if (!id.equals(except)
          && other != null
          && other.deviceId().equals(session.deviceId())
          && lingering.remove(id) != null) {
        remove(id);
      }
    }
  }

  /** A session has ended, and its device is not connected any more. */
  void remove(String sessionId) {
    LocalSession session = sessions.remove(sessionId);
    if (session == null) {
      return;
    }
    lingering.remove(sessionId);
    LocalUser user = users.get(session.userId());
    if (user != null) {
      user.sessionIds.remove(sessionId);
    }
    leaveRoom(session.conversationInView(), session.userId());
    changed.add(Subjects.user(session.userId()));
  }

  /** A session has gone whose device may be back in a moment: it counts as connected for so long. */
  void broke(String sessionId, Instant now, Duration linger) {
    if (sessions.containsKey(sessionId)) {
      lingering.putIfAbsent(sessionId, now.plus(linger));
    }
  }

  /** Ends what has lingered for long enough. */
  void tick(Instant now) {
    for (Map.Entry<String, Instant> broken : List.copyOf(lingering.entrySet())) {
      if (!broken.getValue().isAfter(now)) {
        remove(broken.getKey());
      }
    }
  }

  /** What a user lets others see; of an older revision than what is known, it is passed over. */
  void settings(String userId, VersionedSettings settings) {
    LocalUser user = users.get(userId);
    if (user == null || (user.settings != null && user.settings.getRevision() >= settings.getRevision())) {
      return;
    }
    user.settings = settings;
    user.remembered = Instant.EPOCH;
    changed.add(Subjects.user(userId));
    for (String sessionId : user.sessionIds) {
      LocalSession session = sessions.get(sessionId);
      if (session != null && !session.conversationInView().isEmpty()) {
        changed.add(Subjects.room(session.conversationInView()));
      }
    }
  }

  /**
   * The settings of a user, who may be nowhere: then what is remembered of them is to change. False: too many such users
   * wait to be told.
   */
  boolean remember(String userId, VersionedSettings settings) {
    if (users.containsKey(userId)) {
      settings(userId, settings);
      return true;
    }
    if (changedElsewhere.size() >= MOST_ELSEWHERE && !changedElsewhere.containsKey(userId)) {
      return false;
    }
    changedElsewhere.put(userId, settings);
    changed.add(Subjects.user(userId));
    return true;
  }

  /** There is nobody to tell of changes: whoever comes is told everything that is so. */
  void forgetChanges() {
    changed.clear();
    changedElsewhere.forEach((userId, settings) -> changed.add(Subjects.user(userId)));
    users.values().removeIf(user -> user.sessionIds.isEmpty());
  }

  /** All users with a session here. */
  Set<String> userIds() {
    return users.keySet();
  }

  private void enterRoom(String conversationId, String userId) {
    if (!conversationId.isEmpty()) {
      rooms.computeIfAbsent(conversationId, id -> new TreeMap<>()).merge(userId, 1, Integer::sum);
      changed.add(Subjects.room(conversationId));
    }
  }

  private void leaveRoom(String conversationId, String userId) {
    TreeMap<String, Integer> viewers = rooms.get(conversationId);
    if (viewers != null) {
      viewers.computeIfPresent(userId, (id, count) -> count == 1 ? null : count - 1);
      if (viewers.isEmpty()) {
        rooms.remove(conversationId);
      }
      changed.add(Subjects.room(conversationId));
    }
  }

  /** Everything of which something is so. */
  List<Subject> all() {
    List<Subject> all = new ArrayList<>(users.size() + rooms.size());
    users.keySet().forEach(userId -> all.add(Subjects.user(userId)));
    rooms.keySet().forEach(conversationId -> all.add(Subjects.room(conversationId)));
    return all;
  }

  /** Something is to be told. */
  boolean hasChanges() {
    return !changed.isEmpty();
  }

  /** What has changed, as it is now: told with this call. At most {@code limit}. */
  List<NodeEntry> takeChanges(int limit, Instant now) {
    List<NodeEntry> entries = new ArrayList<>(Math.min(limit, changed.size()));
    for (Iterator<Subject> each = changed.iterator(); each.hasNext() && entries.size() < limit; ) {
      Subject subject = each.next();
      each.remove();
      NodeEntry entry = entry(subject, now);
      if (entry != null) {
        entries.add(entry);
      }
    }
    return entries;
  }

  /** What is so of a subject; null: it cannot be said yet, since the user's settings are not known. */
  @Nullable NodeEntry entry(Subject subject, Instant now) {
    NodeEntry.Builder entry = NodeEntry.newBuilder().setSubject(subject);
    return subject.hasUserId() ? ofUser(subject.getUserId(), entry, now) : ofRoom(subject.getConversationId(), entry);
  }

  private @Nullable NodeEntry ofUser(String userId, NodeEntry.Builder entry, Instant now) {
    LocalUser user = users.get(userId);
    if (user == null) {
      VersionedSettings settings = changedElsewhere.remove(userId);
      return settings == null
          ? entry.build()
          : entry.setLastKnown(LastKnown.newBuilder().setSettings(settings)).build();
    }
    if (user.sessionIds.isEmpty()) {
      users.remove(userId);
    }
    if (user.settings == null) {
      return user.sessionIds.isEmpty() ? entry.build() : null;
    }
    if (user.sessionIds.isEmpty() || !user.remembered.plus(REMEMBER_AGAIN).isAfter(now)) {
      user.remembered = now;
      entry.setLastKnown(LastKnown.newBuilder().setSettings(user.settings).setSeenMs(now.toEpochMilli()));
    }
    if (!user.sessionIds.isEmpty()) {
      entry.setUser(UserOnNode.newBuilder().addAllDevices(devices(user)).setSettings(user.settings));
    }
    return entry.build();
  }

  private List<DevicePresence> devices(LocalUser user) {
    Map<String, PresenceState> states = new TreeMap<>();
    for (String sessionId : user.sessionIds) {
      LocalSession session = sessions.get(sessionId);
      if (session != null) {
        PresenceState state =
            session.active() ? PresenceState.PRESENCE_STATE_ONLINE : PresenceState.PRESENCE_STATE_AWAY;
        states.merge(session.deviceId(), state, (a, b) -> a.compareTo(b) > 0 ? a : b);
      }
    }
    return states.entrySet().stream()
        .map(device -> DevicePresence.newBuilder().setDeviceId(device.getKey()).setState(device.getValue()).build())
        .toList();
  }

  private NodeEntry ofRoom(String conversationId, NodeEntry.Builder entry) {
    RoomOnNode.Builder room = RoomOnNode.newBuilder();
    int count = 0;
    for (String userId : rooms.getOrDefault(conversationId, new TreeMap<>()).keySet()) {
      LocalUser user = users.get(userId);
      if (user != null && user.isVisible()) {
        count++;
        if (count <= SAMPLE) {
          room.addUserIds(userId);
        }
      }
    }
    return count == 0 ? entry.build() : entry.setRoom(room.setCount(count)).build();
  }
}
