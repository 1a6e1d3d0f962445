package dev.parley.sdk;

import dev.parley.v1.Activity;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Presence;
import dev.parley.v1.PresenceState;
import dev.parley.v1.PresenceUpdate;
import dev.parley.v1.Room;
import dev.parley.v1.UserWatch;
import dev.parley.v1.WatchPresence;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which users and rooms a session watches, what it does itself, and what it was told last. All of it is said again on
 * each new stream. What cannot be known is told to the listener as unknown, one by one, and so is its end. Not
 * thread-safe.
 */
final class PresenceWatches {
  private static final int USERS_PER_FRAME = 100;
  private static final int ROOMS_PER_FRAME = 20;

  private final SessionListener listener;
  private final Map<String, UserWatch> users = new LinkedHashMap<>();
  private final Set<String> rooms = new LinkedHashSet<>();
  private final Map<String, Presence> toldUsers = new LinkedHashMap<>();
  private final Map<String, Room> toldRooms = new LinkedHashMap<>();
  private Activity activity = Activity.getDefaultInstance();
  private boolean unknown;

  PresenceWatches(SessionListener listener) {
    this.listener = listener;
  }

  /** Watches more; the frames that say so. */
  List<ClientFrame> watch(List<UserWatch> moreUsers, List<String> moreRooms) {
    moreUsers.forEach(user -> users.put(user.getUserId(), user));
    rooms.addAll(moreRooms);
    return frames(moreUsers, moreRooms);
  }

  /** Watches less. */
  ClientFrame unwatch(List<String> userIds, List<String> conversationIds) {
    userIds.forEach(this::forgetUser);
    conversationIds.forEach(room -> {
      rooms.remove(room);
      toldRooms.remove(room);
    });
    return frame(WatchPresence.newBuilder()
        .addAllUnwatchUserIds(userIds)
        .addAllUnwatchConversationIds(conversationIds));
  }

  ClientFrame activity(Activity now) {
    activity = now;
    return ClientFrame.newBuilder().setActivity(now).build();
  }

  /** Everything, for a new stream. */
  List<ClientFrame> everything() {
    List<ClientFrame> frames = frames(List.copyOf(users.values()), List.copyOf(rooms));
    if (!activity.equals(Activity.getDefaultInstance())) {
      frames.add(ClientFrame.newBuilder().setActivity(activity).build());
    }
    return frames;
  }

  private static List<ClientFrame> frames(List<UserWatch> users, List<String> rooms) {
    List<ClientFrame> frames = new ArrayList<>();
    for (int from = 0; from < users.size(); from += USERS_PER_FRAME) {
      frames.add(frame(WatchPresence.newBuilder()
          .addAllUsers(users.subList(from, Math.min(users.size(), from + USERS_PER_FRAME)))));
    }
    for (int from = 0; from < rooms.size(); from += ROOMS_PER_FRAME) {
      frames.add(frame(WatchPresence.newBuilder()
          .addAllConversationIds(rooms.subList(from, Math.min(rooms.size(), from + ROOMS_PER_FRAME)))));
    }
    return frames;
  }

  private static ClientFrame frame(WatchPresence.Builder watch) {
    return ClientFrame.newBuilder().setWatchPresence(watch).build();
  }

  /** A watch was refused or has ended: it is not asked for again. */
  void refused(dev.parley.v1.Error error) {
    String user = error.getInfo().getMetadataMap().get("user_id");
    String conversation = error.getConversationId();
    if (user == null) {
      rooms.remove(conversation);
      if (toldRooms.remove(conversation) != null) {
        listener.onRoom(unknownRoom(conversation));
      }
      return;
    }
    UserWatch watch = users.get(user);
    boolean direct = watch != null && watch.getConversationId().isEmpty();
    if (watch != null && (direct || watch.getConversationId().equals(conversation))) {
      boolean told = toldUsers.containsKey(user);
      forgetUser(user);
      if (told) {
        listener.onPresence(unknownUser(user));
      }
    }
  }

  private static Presence unknownUser(String userId) {
    return Presence.newBuilder().setUserId(userId).setState(PresenceState.PRESENCE_STATE_UNKNOWN).build();
  }

  private static Room unknownRoom(String conversationId) {
    return Room.newBuilder().setConversationId(conversationId).setUnknown(true).build();
  }

  private void forgetUser(String userId) {
    users.remove(userId);
    toldUsers.remove(userId);
  }

  /** The server has told something. */
  void update(PresenceUpdate update) {
    if (update.getUnknown()) {
      lost();
      return;
    }
    if (unknown) {
      unknown = false;
      toldUsers.values().forEach(listener::onPresence);
      toldRooms.values().forEach(listener::onRoom);
    }
    for (Presence presence : update.getUsersList()) {
      toldUsers.put(presence.getUserId(), presence);
      listener.onPresence(presence);
    }
    for (Room room : update.getRoomsList()) {
      toldRooms.put(room.getConversationId(), room);
      listener.onRoom(room);
    }
  }

  /** Nothing can be known at the moment. */
  void lost() {
    if (unknown) {
      return;
    }
    unknown = true;
    for (String userId : toldUsers.keySet()) {
      listener.onPresence(unknownUser(userId));
    }
    for (String room : toldRooms.keySet()) {
      listener.onRoom(unknownRoom(room));
    }
  }

  /** The stream has gone, and with it all that was told: the next one tells everything anew. */
  void streamLost() {
    lost();
    unknown = false;
    toldUsers.clear();
    toldRooms.clear();
  }
}
