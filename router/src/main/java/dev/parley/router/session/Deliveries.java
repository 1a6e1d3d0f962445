package dev.parley.router.session;

import com.google.protobuf.ByteString;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.Request;
import dev.parley.router.session.SessionPort.Start;
import dev.parley.router.shard.Answer;
import dev.parley.router.shard.CommittedRecord;
import dev.parley.router.shard.FollowAnswer;
import dev.parley.v1.CatchUp;
import dev.parley.v1.Cursor;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.Receipt;
import dev.parley.v1.Reset;
import dev.parley.v1.ResetReason;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.Typing;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a session delivers: the conversations that it follows, each from where its client stands. Who is in step gets
 * what is fed at once; who is not is read for, as fast as the client takes it. Belongs to the session's thread.
 */
final class Deliveries {
  private static final Duration FOLLOW_RETRY = Duration.ofSeconds(1);
  /** How many reads of one session are on their way at a time: enough to keep a client busy, few for the broker. */
  private static final int CONCURRENT_READS = 2;

  private final String userId;
  private final SessionLimits limits;
  private final InstantSource clock;
  private final SessionPort port;
  private final Outbound out;
  private final OpenCommands commands;
  private final Memberships memberships;
  private final SessionMetrics metrics;

  private final LinkedHashMap<String, Following> following = new LinkedHashMap<>();
  /** Conversations whose follow is not asked for yet. */
  private final ArrayDeque<FollowRequest> toFollow = new ArrayDeque<>();
  private int followsOnTheirWay;
  private @Nullable Instant retryFollowsAt;
  /** Conversations that lack something, in the order in which they are read for. */
  private final ArrayDeque<Following> behind = new ArrayDeque<>();
  private int readsOnTheirWay;
  /** Conversations that lack something. */
  private int lagging;
  /** Conversations that have not reached the head of their follow answer. */
  private int catchingUp;
  private boolean listed;
  /** Conversations that the user came into while the list was read. */
  private final Set<String> addedMeanwhile = new LinkedHashSet<>();
  private boolean announcedLive;

  /** Who wants to know of the memberships in followed conversations. On the session's thread. */
  interface Memberships {
    /** The session has caught up with all its conversations. */
    void live();

    /** This user, perhaps the session's own, is no longer a member. */
    void left(String conversationId, String userId);

    /** Ends of memberships may have been missed. */
    void mayHaveLeft(String conversationId);
  }

  private record FollowRequest(Following following, @Nullable Cursor cursor, Start start) {}

  Deliveries(
      String userId,
      SessionLimits limits,
      InstantSource clock,
      SessionPort port,
      Outbound out,
      OpenCommands commands,
      Memberships memberships,
      SessionMetrics metrics) {
    this.metrics = metrics;
    this.userId = userId;
    this.limits = limits;
    this.clock = clock;
    this.port = port;
    this.out = out;
    this.commands = commands;
    this.memberships = memberships;
  }

  /** Begins with the conversations that the client has cursors of, and those of the user's list. */
  void start(Map<String, Cursor> cursors, Collection<String> ids) {
    listed = true;
    for (Map.Entry<String, Cursor> cursor : cursors.entrySet()) {
      Following asked = askToFollow(cursor.getKey(), cursor.getValue(), Start.HEAD);
      if (asked != null) {
        asked.resuming = true;
      }
    }
    for (String conversation : commands.heldConversations()) {
      OpenCommands.Held first = commands.firstHeld(conversation);
      if (first != null && !following.containsKey(conversation)) {
        answer(first.request(), first.stored());
        askToFollow(conversation, first.stored().cursor(), Start.HEAD);
      }
    }
    for (String conversation : ids) {
      if (!following.containsKey(conversation)) {
        askToFollow(conversation, null, Start.HEAD);
      }
    }
    addedMeanwhile.forEach(this::added);
    addedMeanwhile.clear();
    followNext();
    announceLive();
  }

  /** The user's conversations are known. */
  boolean started() {
    return listed;
  }

  /** The user has become a member of a conversation. */
  void added(String conversationId) {
    if (!listed) {
      addedMeanwhile.add(conversationId); // a shard may have answered for the list before this
      return;
    }
    Following known = following.get(conversationId);
    if (known == null) {
      askToFollow(conversationId, null, Start.JOIN);
    } else if (known.active && !known.open()) {
      followAnew(known);
    }
    followNext();
  }

  /**
   * The user's conversations as they are listed now: those that nobody told of are followed. Those that the user has
   * left are asked for too: a membership that began and ended meanwhile is in no list.
   */
  void listedAgain(Collection<String> ids) {
    ids.forEach(this::added);
    following.values().stream().filter(known -> known.active && !known.open()).forEach(this::followAnew);
    followNext();
  }

  private void followAnew(Following known) {
    known.active = false;
    toFollow.add(new FollowRequest(known, known.cursor(), Start.HEAD));
  }

  /** What was fed of these conversations has a hole: each is followed anew from what was written. */
  void broken(Predicate<String> conversations) {
    for (Following known : following.values()) {
      if (known.active && conversations.test(known.id)) {
        followAnew(known);
      }
    }
    followNext();
  }

  /** Null: there are too many. */
  private @Nullable Following askToFollow(String conversationId, @Nullable Cursor cursor, Start start) {
    if (following.size() >= limits.conversations()) {
      out.control(
          Frames.error(
              Refusal.limitExceeded("conversations in one session", limits.conversations()), conversationId, false));
      return null;
    }
    Following added = new Following(conversationId);
    following.put(conversationId, added);
    metrics.follows(1);
    toFollow.add(new FollowRequest(added, cursor, start));
    return added;
  }

  private void followNext() {
    while (followsOnTheirWay < limits.concurrentFollows() && !toFollow.isEmpty() && retryFollowsAt == null) {
      FollowRequest next = toFollow.removeFirst();
      followsOnTheirWay++;
      port.follow(next.following.id, next.cursor, next.start);
    }
  }

  /** The owner's answer to {@link SessionPort#follow}. */
  void followed(String conversationId, @Nullable Cursor cursor, Start start, FollowAnswer answer) {
    followsOnTheirWay--;
    Following conversation = following.get(conversationId);
    if (conversation == null) {
      return;
    }
    switch (answer) {
      case FollowAnswer.Refused refused -> notFollowed(conversation, cursor, start, refused.refusal());
      case FollowAnswer.Following begun -> begin(conversation, begun, cursor, start);
    }
    followNext();
    announceLive();
  }

  private void notFollowed(Following conversation, @Nullable Cursor cursor, Start start, Refusal refusal) {
    if (refusal.retryAfter() != null) {
      toFollow.addFirst(new FollowRequest(conversation, cursor, start));
      retryFollowsAt = clock.instant().plus(FOLLOW_RETRY);
    } else {
      following.remove(conversation.id);
      metrics.follows(-1);
      lags(conversation, false);
      resumed(conversation, SessionMetrics.Resume.FAILED);
      port.unfollow(conversation.id);
      answerUpTo(conversation.id, Long.MAX_VALUE);
      out.control(Frames.error(refusal, conversation.id, false));
      memberships.mayHaveLeft(conversation.id);
    }
  }

  private void begin(
      Following conversation, FollowAnswer.Following begun, @Nullable Cursor cursor, Start start) {
    conversation.active = true;
    resumed(conversation, begun.reset() == null ? SessionMetrics.Resume.EXACT : SessionMetrics.Resume.RESET);
    if (conversation.endTold && !begun.member() && begun.head().getSeq() <= conversation.written) {
      return; // as before
    }
    conversation.endTold = false;
    conversation.readable(begun.readable());
    memberships.mayHaveLeft(conversation.id);
    conversation.head = begun.head().getSeq();
    conversation.headTold = conversation.head;
    // After a new start in the same session a read may have brought it further than where that start was asked from.
    if (cursor != null && begun.reset() == null && cursor.getSeq() == begun.afterSeq()) {
      conversation.standsAt(cursor);
    } else {
      conversation.standsAt(begun.next());
    }
    boolean fromHead = cursor == null && start == Start.HEAD;
    OpenCommands.Held own = fromHead ? commands.firstHeld(conversation.id) : null;
    if (own != null) {
      conversation.written = Math.min(conversation.written, own.seq());
    }
    ResetReason reset = begun.reset();
    if (reset == ResetReason.RESET_REASON_LOG_WENT_BACK) {
      conversation.written = begun.afterSeq();
    } else if (reset != null && conversation.written > begun.afterSeq()) {
      reset = null; // a read has brought it further meanwhile
    }
    answerUpTo(conversation.id, conversation.written);
    if (reset != null) {
      out.control(
          ServerFrame.newBuilder()
              .setReset(
                  Reset.newBuilder()
                      .setConversationId(conversation.id)
                      .setReason(reset)
                      .setNext(begun.next())));
    }
    out.control(Frames.catchUp(conversation.id, conversation.written, begun));
    boolean wasCatchingUp = conversation.catchUpTo > 0;
    conversation.catchUpTo = conversation.lacks() ? conversation.head : 0;
    catchingUp += (conversation.catchUpTo > 0 ? 1 : 0) - (wasCatchingUp ? 1 : 0);
    if (conversation.lacks()) {
      readFor(conversation);
    } else {
      lags(conversation, false);
      if (!begun.member()) {
        ended(conversation);
      }
    }
    pump();
  }

  private void resumed(Following conversation, SessionMetrics.Resume outcome) {
    if (conversation.resuming) {
      conversation.resuming = false;
      metrics.resumed(outcome);
    }
  }

  private void ended(Following conversation) {
    conversation.endTold = true;
    out.control(
        Frames.error(
            Refusal.of(ErrorReason.ERROR_REASON_NOT_A_MEMBER, "the user is no longer a member of this conversation"),
            conversation.id,
            false));
  }

  private void announceLive() {
    if (listed && !announcedLive && catchingUp == 0 && toFollow.isEmpty() && followsOnTheirWay == 0) {
      announcedLive = true;
      out.control(ServerFrame.newBuilder().setCatchUp(CatchUp.newBuilder().setComplete(true)));
      port.caughtUp();
      memberships.live();
    }
  }

  /** A record was appended to a conversation that this session follows. */
  void fed(CommittedRecord record, EncodedFrame frame) {
    Following conversation = following.get(record.conversationId());
    if (conversation == null || !conversation.active) {
      return; // the follow answer, which is still to come, covers it
    }
    conversation.fed(record, userId);
    if (record.endsMembership()) {
      tellEnds(record);
    }
    if (conversation.beginsAgain(record, userId)) {
      // The notice of it may have come before the end did, and meant nothing then.
      followAnew(conversation);
      followNext();
      return;
    }
    if (conversation.behind || conversation.reading || record.lastSeq() <= conversation.written) {
      return;
    }
    boolean next = conversation.written + 1 == record.firstSeq();
    if (next && record.lastSeq() <= conversation.head && out.open()) {
      if (commands.touches(record)) {
        writeWithResults(conversation, record, record.firstSeq(), record.lastSeq(), true);
      } else {
        out.frame(frame);
        conversation.wrote(record.lastSeq(), record);
        metrics.delivered(record, record.record().getEventsCount(), true);
      }
    } else if (conversation.lacks()) {
      readFor(conversation);
      pump();
    }
  }

  private void tellEnds(CommittedRecord record) {
    for (Event event : record.events()) {
      if (event.hasMemberLeft()) {
        memberships.left(record.conversationId(), event.getSenderId());
      } else if (event.hasMemberRemoved()) {
        memberships.left(record.conversationId(), event.getMemberRemoved().getUserId());
      }
    }
  }

  private void readFor(Following conversation) {
    lags(conversation, true);
    if (!conversation.behind) {
      conversation.behind = true;
      behind.addLast(conversation);
    }
  }

  private void lags(Following conversation, boolean now) {
    if (conversation.lagging == now) {
      return;
    }
    conversation.lagging = now;
    int before = lagging;
    lagging += now ? 1 : -1;
    if (now) {
      metrics.catchesUp();
    }
    if (before == 0 || lagging == 0) {
      metrics.behind(now ? 1 : -1);
    }
  }

  /** Asks for what is missing, as long as the client takes it. */
  void pump() {
    while (out.open() && readsOnTheirWay < CONCURRENT_READS && !behind.isEmpty()) {
      Following conversation = behind.removeFirst();
      conversation.behind = false;
      if (conversation.active && conversation.lacks()) {
        conversation.reading = true;
        readsOnTheirWay++;
        port.read(conversation.id, conversation.nextReadable(conversation.written + 1));
      } else {
        lags(conversation, false);
      }
    }
  }

  /** Records in order, in answer to {@link SessionPort#read}; what does not fit is read again later. */
  void read(String conversationId, List<CommittedRecord> records) {
    readsOnTheirWay--;
    Following conversation = following.get(conversationId);
    if (conversation == null) {
      return;
    }
    conversation.reading = false;
    Batch batch = new Batch(conversation);
    for (CommittedRecord record : records) {
      if (!out.open()) {
        break;
      }
      batch.add(record);
    }
    batch.flush();
    if (conversation.catchUpTo > 0 && conversation.written >= conversation.catchUpTo) {
      conversation.catchUpTo = 0;
      catchingUp--;
      if (!conversation.open() && !conversation.lacks()) {
        ended(conversation);
      }
    }
    if (conversation.lacks()) {
      readFor(conversation);
    } else {
      lags(conversation, false);
    }
    pump();
    announceLive();
  }

  /** A read failed: tried again with the next tick. */
  void readFailed(String conversationId) {
    readsOnTheirWay--;
    Following conversation = following.get(conversationId);
    if (conversation != null) {
      conversation.reading = false;
      readFor(conversation);
    }
  }

  /**
   * What a read asked for was trimmed: the owner says where the conversation goes on. It is asked a little later, since
   * it may not know yet.
   */
  void trimmed(String conversationId) {
    readsOnTheirWay--;
    Following conversation = following.get(conversationId);
    if (conversation != null) {
      conversation.reading = false;
      if (conversation.active) {
        conversation.active = false;
        toFollow.addFirst(new FollowRequest(conversation, conversation.cursor(), Start.HEAD));
        retryFollowsAt = clock.instant().plus(FOLLOW_RETRY);
      }
    }
    pump();
  }

  /** Collects events of one conversation into few frames. */
  private final class Batch {
    private static final int MAX_BYTES = 64 << 10;

    private final Following conversation;
    private final ArrayList<ByteString> events = new ArrayList<>();
    private int bytes;
    private @Nullable CommittedRecord last;

    Batch(Following conversation) {
      this.conversation = conversation;
    }

    void add(CommittedRecord record) {
      long from = conversation.nextReadable(Math.max(record.firstSeq(), conversation.written + 1));
      long to = Math.min(record.lastSeq(), conversation.head);
      if (from > to) {
        return;
      }
      if (commands.touches(record) || !conversation.mayReadAll(from, to) || from != conversation.written + 1) {
        flush();
        writeWithResults(conversation, record, from, to, false);
        return;
      }
      metrics.delivered(record, (int) (to - from) + 1, false);
      for (long seq = from; seq <= to; seq++) {
        ByteString event = record.eventBytes(seq);
        events.add(event);
        bytes += event.size();
      }
      last = record;
      conversation.wrote(to, record);
      if (bytes >= MAX_BYTES || events.size() >= 64) {
        flush();
      }
    }

    void flush() {
      if (last != null && !events.isEmpty()) {
        out.frame(EncodedFrame.events(last, events));
        events.clear();
        bytes = 0;
      }
    }
  }

  /** Writes a record event by event: SendResult in the place of this session's own ones, nothing that is not readable. */
  private void writeWithResults(
      Following conversation, CommittedRecord record, long from, long to, boolean live) {
    long start = conversation.nextReadable(from);
    for (long seq = start; seq <= to; seq++) {
      boolean readable = conversation.mayRead(seq);
      ServerFrame.Builder result = readable ? commands.resultFor(record, seq) : null;
      if (readable && result == null) {
        continue;
      }
      if (start < seq) {
        writeEvents(record, start, seq - 1, live);
      }
      if (result != null) {
        out.frame(EncodedFrame.of(result));
      }
      start = readable ? seq + 1 : Math.min(conversation.nextReadable(seq), to + 1);
      seq = start - 1;
    }
    if (start <= to) {
      writeEvents(record, start, to, live);
    }
    conversation.wrote(to, record);
  }

  private void writeEvents(CommittedRecord record, long from, long to, boolean live) {
    out.frame(EncodedFrame.events(record, from, to));
    metrics.delivered(record, (int) (to - from) + 1, live);
  }

  /**
   * A command is on the log. Its answer stands in the order at its seq: it comes with the feed, or with the reading for
   * one who is behind. What is not delivered as an event is answered at once.
   */
  void stored(Request request, Answer.Stored stored) {
    Following conversation = following.get(request.conversationId());
    boolean passed = conversation != null && stored.cursor().getSeq() <= conversation.written;
    boolean unknown = conversation == null && listed;
    if (!stored.repeated() && !passed && !unknown) {
      commands.hold(request, stored);
      return;
    }
    answer(request, stored);
    if (unknown) {
      // The command has begun or joined this conversation: on from its own event.
      askToFollow(request.conversationId(), stored.cursor(), Start.HEAD);
      followNext();
    }
  }

  private void answer(Request request, Answer.Stored stored) {
    commands.remove(request, null);
    out.control(commands.result(request, stored));
  }

  private void answerUpTo(String conversationId, long seq) {
    commands.heldUpTo(conversationId, seq).forEach(held -> answer(held.request(), held.stored()));
  }

  /** The user is a member there and may be seen typing. */
  boolean isMemberOf(String conversationId) {
    Following conversation = following.get(conversationId);
    return conversation != null && conversation.active && conversation.open();
  }

  /** Whether the user is a member there is being asked for the first time. */
  boolean isComing(String conversationId) {
    Following conversation = following.get(conversationId);
    return conversation != null && !conversation.begun();
  }

  /** The user is a member there, by all that is known. */
  boolean isIn(String conversationId) {
    Following conversation = following.get(conversationId);
    return conversation != null && conversation.open();
  }

  /** Somebody has read. Not sent to one who is behind: the first thing to be shed. */
  void receipt(Receipt receipt) {
    if (!isMemberOf(receipt.getConversationId())) {
      return;
    }
    if (out.open()) {
      out.frame(EncodedFrame.of(ServerFrame.newBuilder().setReceipt(receipt)));
    } else {
      metrics.shed(SessionMetrics.Shed.RECEIPT);
    }
  }

  /** Somebody is typing. Not sent to one who is behind: the first thing to be shed. */
  void typing(String conversationId, String typist) {
    if (!isMemberOf(conversationId)) {
      return;
    }
    if (out.open()) {
      out.frame(
          EncodedFrame.of(
              ServerFrame.newBuilder()
                  .setTyping(Typing.newBuilder().setConversationId(conversationId).setUserId(typist))));
    } else {
      metrics.shed(SessionMetrics.Shed.TYPING);
    }
  }

  /** Tells heads: those that changed, or all. */
  void heads(boolean all) {
    Frames.heads(following.values(), all).forEach(out::control);
  }

  /** Tries again what failed. Called about once a second. */
  void tick() {
    if (retryFollowsAt != null && !retryFollowsAt.isAfter(clock.instant())) {
      retryFollowsAt = null;
      followNext();
    }
    pump();
  }

  /** The session is over. */
  void release() {
    for (Following conversation : following.values()) {
      port.unfollow(conversation.id);
      lags(conversation, false);
    }
    metrics.follows(-following.size());
    following.clear();
    behind.clear();
    toFollow.clear();
  }
}
