package dev.parley.router.session;

import dev.parley.conversation.ConversationIds;
import dev.parley.conversation.Refusal;
import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.Told;
import dev.parley.router.presence.PresenceViews;
import dev.parley.router.presence.Subjects;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Presence;
import dev.parley.v1.PresenceUpdate;
import dev.parley.v1.Room;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.UserWatch;
import dev.parley.v1.WatchPresence;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Which users and rooms a session watches, and why it may. It remembers which of them have changed, never a queue of
 * changes, so a client that does not take its frames costs nothing. Belongs to the session's thread.
 */
final class SessionWatches implements Deliveries.Memberships, Watcher {
  private static final int USERS_PER_FRAME = 100;
  private static final int ROOMS_PER_FRAME = 20;
  /** So many frames whose conversations the session does not follow yet are kept until it does. */
  private static final int EARLY_FRAMES = 16;

  private final String userId;
  private final SessionLimits limits;
  private final SessionPort port;
  private final Outbound out;
  private final Conversations conversations;
  private final Runnable onFault;
  private final SessionMetrics metrics;
  private final DeviceActivity device;

  private boolean live;
  private final List<WatchPresence> early = new ArrayList<>();
  private final Map<Subject, Watch> watches = new HashMap<>();
  /** Of whom the owner of a group is asked whether they are members. */
  private final Set<Asking> asking = new HashSet<>();
  /** Groups whose owner could not say. */
  private final Set<String> again = new LinkedHashSet<>();
  private int users;
  private final LinkedHashSet<Subject> changed = new LinkedHashSet<>();
  private boolean toldUnknown;

  private record Asking(String user, String conversationId) {}

  /** The conversations of the session. */
  interface Conversations {
    /** The user is a member. */
    boolean isIn(String conversationId);

    /** That is just being asked. */
    boolean isComing(String conversationId);
  }

  /** Something that is watched. */
  private static final class Watch {
    /** Conversations for whose sake the watcher may; empty: it is the watcher. */
    private final Set<String> reasons = new HashSet<>(2);
    /** What the client was told last: a {@link Presence} or a {@link Room}. */
    private @Nullable Object sent;
  }

  /**
   * Nothing is watched yet.
   *
   * @param onFault ends the session
   */
  SessionWatches(
      String userId,
      SessionLimits limits,
      InstantSource clock,
      SessionPort port,
      Outbound out,
      Conversations conversations,
      Runnable onFault,
      SessionMetrics metrics) {
    this.userId = userId;
    this.limits = limits;
    this.device = new DeviceActivity(limits, clock, port, conversations, this::refuseInView);
    this.port = port;
    this.out = out;
    this.conversations = conversations;
    this.onFault = onFault;
    this.metrics = metrics;
  }

  /** The device, for what is said of it. */
  DeviceActivity device() {
    return device;
  }

  /** Called about once a second. */
  void tick() {
    device.tick();
    if (!again.isEmpty()) {
      List<String> conversationIds = List.copyOf(again);
      again.clear();
      conversationIds.forEach(this::mayHaveLeft);
    }
  }

  /** The session is over. {@code broke}: not by the client's will. */
  void ended(boolean broke) {
    device.ended(broke);
    watches.keySet().forEach(port::unwatch);
    watches.clear();
    changed.clear();
    early.clear();
  }

  // ------------------------------------------------------------------ what is watched

  /** The client watches more, or less. */
  void watch(WatchPresence frame) {
    if (live) {
      Refusal refusal = port.take(Allowances.Kind.READ);
      if (refusal == null) {
        watchNow(frame);
      } else {
        out.control(Frames.error(refusal, "", false));
      }
    } else {
      keep(frame);
    }
  }

  private void keep(WatchPresence frame) {
    if (early.size() < EARLY_FRAMES) {
      early.add(frame);
    } else {
      Refusal refusal = Refusal.limitExceeded("WatchPresence frames for conversations not followed yet", EARLY_FRAMES);
      out.control(Frames.error(refusal, "", false));
    }
  }

  @Override
  public void live() {
    live = true;
    device.live();
    watchEarly();
  }

  private void watchEarly() {
    List<WatchPresence> kept = List.copyOf(early);
    early.clear();
    kept.forEach(this::watchNow);
  }

  private void watchNow(WatchPresence frame) {
    frame.getUnwatchUserIdsList().forEach(id -> unwatch(Subjects.user(id)));
    frame.getUnwatchConversationIdsList().forEach(id -> unwatch(Subjects.room(id)));
    WatchPresence.Builder later = WatchPresence.newBuilder();
    for (String room : frame.getConversationIdsList()) {
      if (conversations.isComing(room)) {
        later.addConversationIds(room);
      } else if (conversations.isIn(room)) {
        add(Subjects.room(room), room);
      } else {
        refuseRoom(room);
      }
    }
    Map<String, List<String>> toAsk = new LinkedHashMap<>();
    for (UserWatch wanted : frame.getUsersList()) {
      String user = wanted.getUserId();
      boolean direct = wanted.getConversationId().isEmpty();
      String reason = direct ? ConversationIds.direct(userId, user) : wanted.getConversationId();
      if (user.equals(userId)) {
        add(Subjects.user(user), "");
      } else if (conversations.isComing(reason)) {
        later.addUsers(wanted);
      } else if (!conversations.isIn(reason)) {
        refuse(ErrorReason.ERROR_REASON_CONVERSATION_NOT_FOUND,
            "only a user with whom this session shares a conversation can be watched", wanted.getConversationId(), user);
      } else if (direct) {
        add(Subjects.user(user), reason);
      } else {
        toAsk.computeIfAbsent(reason, id -> new ArrayList<>()).add(user);
      }
    }
    toAsk.forEach(
        (conversation, asked) -> {
          if (asking.size() + asked.size() > limits.watchedUsers()) {
            out.control(Frames.error(
                Refusal.limitExceeded("users of whom it is not known yet whether they are members", limits.watchedUsers()),
                conversation, false));
            return;
          }
          asked.forEach(user -> asking.add(new Asking(user, conversation)));
          port.members(conversation, asked);
        });
    if (later.getUsersCount() + later.getConversationIdsCount() > 0) {
      keep(later.build());
    }
  }

  /** The owner's answer to {@link SessionPort#members}; {@code members}: null when {@code refusal} says why not. */
  void members(String conversationId, List<String> asked, @Nullable Set<String> members, @Nullable Refusal refusal) {
    if (refusal != null && refusal.retryAfter() != null) {
      boolean wanted = false;
      for (String user : asked) {
        wanted |= asking.remove(new Asking(user, conversationId));
      }
      if (wanted) {
        out.control(Frames.error(refusal, conversationId, false));
      }
      again.add(conversationId); // one who is watched already may have left
      return;
    }
    for (String user : asked) {
      boolean wanted = asking.remove(new Asking(user, conversationId));
      if (members != null && members.contains(user) && conversations.isIn(conversationId)) {
        if (wanted) {
          add(Subjects.user(user), conversationId);
        }
      } else if (wanted || isReason(user, conversationId)) {
        end(Subjects.user(user), conversationId);
        refuse(ErrorReason.ERROR_REASON_MEMBER_NOT_FOUND, "the user is not a member there", conversationId, user);
      }
    }
  }

  private boolean isReason(String user, String conversationId) {
    Watch watch = watches.get(Subjects.user(user));
    return watch != null && watch.reasons.contains(conversationId);
  }

  /** By the client's will, also where it is not granted yet. */
  private void unwatch(Subject subject) {
    drop(subject);
    asking.removeIf(each -> each.user.equals(subject.getUserId()));
    early.replaceAll(frame -> without(frame, subject));
  }

  private static WatchPresence without(WatchPresence frame, Subject subject) {
    return frame.toBuilder()
        .clearUsers()
        .addAllUsers(
            frame.getUsersList().stream().filter(user -> !user.getUserId().equals(subject.getUserId())).toList())
        .clearConversationIds()
        .addAllConversationIds(
            frame.getConversationIdsList().stream().filter(id -> !id.equals(subject.getConversationId())).toList())
        .build();
  }

  private void add(Subject subject, String reason) {
    Watch watch = watches.get(subject);
    if (watch == null) {
      int most = subject.hasUserId() ? limits.watchedUsers() : limits.watchedRooms();
      int now = subject.hasUserId() ? users : watches.size() - users;
      if (now >= most) {
        out.control(Frames.error(
            Refusal.limitExceeded(subject.hasUserId() ? "watched users" : "watched rooms", most), "", false));
        return;
      }
      watch = new Watch();
      watches.put(subject, watch);
      users += subject.hasUserId() ? 1 : 0;
      watch.reasons.add(reason);
      port.watch(subject);
    } else {
      watch.reasons.add(reason);
      watch.sent = null;
      changed(subject);
    }
  }

  private void drop(Subject subject) {
    if (watches.remove(subject) != null) {
      users -= subject.hasUserId() ? 1 : 0;
      changed.remove(subject);
      port.unwatch(subject);
    }
  }

  /** A reason to watch has gone, and with the last one the watch. */
  private void end(Subject subject, String reason) {
    Watch watch = watches.get(subject);
    if (watch != null && watch.reasons.remove(reason) && watch.reasons.isEmpty()) {
      drop(subject);
    }
  }

  private void refuseInView(String conversation) {
    refuse(ErrorReason.ERROR_REASON_CONVERSATION_NOT_FOUND, "only a conversation of this session can be in view",
        conversation, "");
  }

  private void refuseRoom(String room) {
    refuse(ErrorReason.ERROR_REASON_CONVERSATION_NOT_FOUND, "only a conversation of this session can be watched", room, "");
  }

  private void refuse(ErrorReason reason, String message, String conversationId, String user) {
    Map<String, String> metadata = user.isEmpty() ? Map.of() : Map.of("user_id", user);
    out.control(Frames.error(new Refusal(reason, message, metadata, null), conversationId, false));
  }

  // ------------------------------------------------------------------ when a reason ends

  @Override
  public void left(String conversationId, String who) {
    if (!who.equals(userId)) {
      Subject subject = Subjects.user(who);
      if (watches.containsKey(subject)) {
        end(subject, conversationId);
        if (!watches.containsKey(subject)) {
          refuse(ErrorReason.ERROR_REASON_MEMBER_NOT_FOUND, "the user is no longer a member there", conversationId, who);
        }
      }
      return;
    }
    for (Subject subject : List.copyOf(watches.keySet())) {
      end(subject, conversationId);
      if (!watches.containsKey(subject)) {
        refuse(ErrorReason.ERROR_REASON_NOT_A_MEMBER, "the user is no longer a member there", conversationId,
            subject.getUserId());
      }
    }
    device.left(conversationId);
  }

  @Override
  public void mayHaveLeft(String conversationId) {
    device.followed();
    if (live && !early.isEmpty()) {
      watchEarly();
    }
    if (!conversations.isIn(conversationId)) {
      left(conversationId, userId);
      return;
    }
    List<String> recheck = new ArrayList<>();
    watches.forEach(
        (subject, watch) -> {
          if (subject.hasUserId() && watch.reasons.contains(conversationId)) {
            recheck.add(subject.getUserId());
          }
        });
    if (!recheck.isEmpty() && !ConversationIds.isDirect(conversationId)) {
      port.members(conversationId, recheck);
    }
  }

  // ------------------------------------------------------------------ telling

  @Override
  public void changed(Subject subject) {
    if (watches.containsKey(subject) && !changed.add(subject)) {
      metrics.shed(SessionMetrics.Shed.PRESENCE);
    }
  }

  @Override
  public boolean hasNews(boolean available) {
    return available ? toldUnknown || !changed.isEmpty() : !toldUnknown && !watches.isEmpty();
  }

  @Override
  public void fault(RuntimeException why) {
    onFault.run();
  }

  @Override
  public void tell(boolean available, Function<Subject, @Nullable Told> views) {
    if (!available) {
      if (!toldUnknown && !watches.isEmpty() && out.open()) {
        toldUnknown = true;
        send(PresenceUpdate.newBuilder().setUnknown(true));
      }
      return;
    }
    while (out.open() && (toldUnknown || !changed.isEmpty())) {
      PresenceUpdate.Builder update = nextUpdate(views);
      if (toldUnknown || update.getUsersCount() > 0 || update.getRoomsCount() > 0) {
        toldUnknown = false;
        send(update);
      }
    }
  }

  private void send(PresenceUpdate.Builder update) {
    out.frame(EncodedFrame.of(ServerFrame.newBuilder().setPresence(update)));
  }

  private PresenceUpdate.Builder nextUpdate(Function<Subject, @Nullable Told> views) {
    PresenceUpdate.Builder update = PresenceUpdate.newBuilder();
    for (Iterator<Subject> each = changed.iterator();
        each.hasNext() && update.getUsersCount() < USERS_PER_FRAME && update.getRoomsCount() < ROOMS_PER_FRAME; ) {
      Subject subject = each.next();
      each.remove();
      Watch watch = watches.get(subject);
      Told told = views.apply(subject);
      if (watch == null || told == null) {
        continue;
      }
      Object seen =
          subject.hasUserId()
              ? PresenceViews.presence(told, userId, port::hasBlocked)
              : PresenceViews.room(told, userId, port::hasBlocked);
      if (!seen.equals(watch.sent)) {
        watch.sent = seen;
        switch (seen) {
          case Presence presence -> update.addUsers(presence);
          case Room room -> update.addRooms(room);
          default -> throw new IllegalStateException("neither a user nor a room: " + seen);
        }
      }
    }
    return update;
  }
}
