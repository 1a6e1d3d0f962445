package dev.parley.router.session;

import com.google.protobuf.ByteString;
import dev.parley.conversation.ConversationLimits;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.RefusedException;
import dev.parley.conversation.Request;
import dev.parley.conversation.Timestamps;
import dev.parley.router.session.SessionPort.Start;
import dev.parley.router.shard.Answer;
import dev.parley.router.shard.CommittedRecord;
import dev.parley.router.shard.FollowAnswer;
import dev.parley.router.shard.RateMeter;
import dev.parley.v1.CatchUp;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Command;
import dev.parley.v1.Credit;
import dev.parley.v1.Cursor;
import dev.parley.v1.Cursors;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Limits;
import dev.parley.v1.Receipt;
import dev.parley.v1.Reconnect;
import dev.parley.v1.Reset;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.Typing;
import dev.parley.v1.User;
import dev.parley.v1.Welcome;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One live stream of one device: a set of cursors over logs. It remembers per conversation what it has written to the
 * client and what the newest event is, never what it still must write: whoever is behind is read for from the log.
 *
 * <pre>
 *   HELLO --Hello--> CURSORS --Cursors.complete--> OPEN --close, displaced, expired--> CLOSED
 * </pre>
 *
 * <p>A state machine without I/O: the {@link SessionPort} does what it asks, on the session's one thread.
 */
public final class Session {
  private static final Duration RATE_NOTICE_INTERVAL = Duration.ofSeconds(10);
  private static final Duration FOLLOW_RETRY = Duration.ofSeconds(1);
  /** How many reads of one session are on their way at a time: enough to keep a client busy, few for the broker. */
  private static final int CONCURRENT_READS = 2;

  private final String id;
  private final String router;
  private final User user;
  private final SessionLimits limits;
  private final InstantSource clock;
  private final SessionPort port;
  private final Outbound out;
  private final OpenCommands commands;
  private final RateMeter frames;

  private Phase phase = Phase.HELLO;
  private String device = "";
  private Instant tokenExpires;
  private Instant lastHeard;
  private Instant lastHeads;
  private Instant rateNotice = Instant.EPOCH;
  private final Instant opened;

  private final Map<String, Cursor> cursors = new HashMap<>();
  private final LinkedHashMap<String, Following> following = new LinkedHashMap<>();
  /** Conversations whose follow is not asked for yet. */
  private final ArrayDeque<FollowRequest> toFollow = new ArrayDeque<>();
  private int followsOnTheirWay;
  private @Nullable Instant retryFollowsAt;
  /** Conversations that lack something, in the order in which they are read for. */
  private final ArrayDeque<Following> behind = new ArrayDeque<>();
  private int readsOnTheirWay;
  /** Conversations that have not reached the head of their follow answer. */
  private int catchingUp;
  private boolean listed;
  private boolean announcedLive;

  private record FollowRequest(Following following, @Nullable Cursor cursor, Start start) {}

  private enum Phase {
    HELLO,
    CURSORS,
    OPEN,
    CLOSED
  }

  /** A session that waits for Hello. {@code tokenExpires}: when the credential of the stream ends. */
  public Session(
      String id,
      String router,
      User user,
      Instant tokenExpires,
      SessionLimits limits,
      dev.parley.v1.Durability durability,
      InstantSource clock,
      SessionPort port) {
    this.id = id;
    this.router = router;
    this.user = user;
    this.tokenExpires = tokenExpires;
    this.limits = limits;
    this.clock = clock;
    this.port = port;
    this.out = new Outbound(port, limits.unacknowledgedFrames());
    this.commands = new OpenCommands(durability);
    this.frames = new RateMeter(limits.framesPerSecond(), 2.0 * limits.framesPerSecond());
    this.opened = clock.instant();
    this.lastHeard = opened;
    this.lastHeads = opened;
  }

  /** The name in the log. */
  public String id() {
    return id;
  }

  /** Whose it is. */
  public String userId() {
    return user.getUserId();
  }

  /** The device; empty before Hello. */
  public String device() {
    return device;
  }

  /** Nothing more will happen. */
  public boolean closed() {
    return phase == Phase.CLOSED;
  }

  // ------------------------------------------------------------------ what the client says

  /** How long the transport must wait before it takes another frame of this client; zero: go on. */
  public Duration throttle() {
    Instant now = clock.instant();
    if (frames.take(now)) {
      return Duration.ZERO;
    }
    if (Duration.between(rateNotice, now).compareTo(RATE_NOTICE_INTERVAL) > 0) {
      rateNotice = now;
      out.control(
          Frames.error(
              new Refusal(
                  ErrorReason.ERROR_REASON_RATE_LIMITED,
                  "more than " + limits.framesPerSecond() + " frames a second; reading is slowed down",
                  Map.of("limit", Integer.toString(limits.framesPerSecond())),
                  frames.wait(now)),
              "",
              false));
    }
    return frames.wait(now).plusMillis(1);
  }

  /** A frame came that cannot be taken as one: told, and the stream ends. */
  public void unreadable(Refusal why) {
    if (phase != Phase.CLOSED) {
      fail(why);
    }
  }

  /** A frame came in whose fields break a rule: told, the stream goes on. */
  public void invalid(ClientFrame frame, Refusal why) {
    lastHeard = clock.instant();
    switch (frame.getFrameCase()) {
      case HELLO, CURSORS -> fail(why);
      case COMMAND -> out.control(Frames.refused(frame.getCommand(), why));
      default -> out.control(Frames.error(why, "", false));
    }
  }

  /** A valid frame of the client. */
  public void frame(ClientFrame frame, int bytes) {
    if (phase == Phase.CLOSED) {
      return;
    }
    lastHeard = clock.instant();
    switch (frame.getFrameCase()) {
      case HELLO -> hello(frame);
      case CURSORS -> cursors(frame.getCursors());
      case COMMAND -> whenOpen("Command", () -> command(frame.getCommand(), bytes));
      case READ_MARK ->
          whenOpen(
              "ReadMark", () -> port.mark(frame.getReadMark().getConversationId(), frame.getReadMark().getSeq()));
      case TYPING -> whenOpen("Typing", () -> typing(frame.getTyping()));
      case CREDIT -> whenOpen("Credit", () -> credit(frame.getCredit()));
      case REFRESH_TOKEN -> port.verify(frame.getRefreshToken().getToken());
      case HEADS_REQUEST -> whenOpen("HeadsRequest", () -> heads(true));
      case FRAME_NOT_SET ->
          out.control(
              Frames.error(
                  new Refusal(
                      ErrorReason.ERROR_REASON_UNKNOWN_FRAME,
                      "this server does not know the frame; the client is newer than the server",
                      Map.of(),
                      null),
                  "",
                  false));
    }
  }

  private void hello(ClientFrame frame) {
    if (phase != Phase.HELLO) {
      violation("a second Hello");
      return;
    }
    device = frame.getHello().getDeviceId();
    phase = Phase.CURSORS;
    out.control(
        ServerFrame.newBuilder()
            .setWelcome(
                Welcome.newBuilder()
                    .setSessionId(id)
                    .setRouter(router)
                    .setServerTime(Timestamps.of(clock.instant()))
                    .setHeartbeat(Frames.duration(limits.heartbeat()))
                    .setTokenExpireTime(Timestamps.of(tokenExpires))
                    .setUser(user)
                    .setLimits(
                        Limits.newBuilder()
                            .setFrameBytes(limits.frameBytes())
                            .setMessageBytes(ConversationLimits.DEFAULT.messageBytes())
                            .setUnacknowledgedFrames(limits.unacknowledgedFrames())
                            .setOpenCommands(limits.openCommands())
                            .setFramesPerSecond(limits.framesPerSecond())
                            .setCommandsPerSecond(limits.commandsPerSecond()))));
  }

  private void cursors(Cursors page) {
    if (phase != Phase.CURSORS) {
      violation(phase == Phase.HELLO ? "the first frame must be Hello" : "Cursors after the complete ones");
      return;
    }
    page.getCursorsList().forEach(cursor -> cursors.put(cursor.getConversationId(), cursor.getCursor()));
    if (cursors.size() > limits.conversations()) {
      fail(Refusal.limitExceeded("cursors", limits.conversations()));
    } else if (page.getComplete()) {
      phase = Phase.OPEN;
      port.listConversations();
    }
  }

  private void whenOpen(String what, Runnable action) {
    if (phase == Phase.OPEN) {
      action.run();
    } else {
      violation(what + " before Hello and the complete Cursors");
    }
  }

  private void violation(String what) {
    fail(Refusal.of(ErrorReason.ERROR_REASON_PROTOCOL_VIOLATION, what));
  }

  private void command(Command command, int bytes) {
    Refusal refusal = null;
    Duration wait;
    if (commands.size() >= limits.openCommands()) {
      refusal = Refusal.limitExceeded("commands without an answer", limits.openCommands());
    } else if ((wait = port.takeCommand()) != null) {
      refusal =
          new Refusal(
              ErrorReason.ERROR_REASON_RATE_LIMITED,
              "more than " + limits.commandsPerSecond() + " commands a second",
              Map.of("limit", Integer.toString(limits.commandsPerSecond())),
              wait);
    }
    if (refusal == null) {
      try {
        Request request = Request.of(user.getUserId(), command);
        switch (commands.add(request)) {
          case NEW -> port.submit(request, bytes);
          case SAME -> {}
          case CONFLICT ->
              out.control(
                  Frames.refused(
                      command,
                      Refusal.of(
                          ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_CONFLICT,
                          "a command with this id and another body waits for its answer")));
        }
        return;
      } catch (RefusedException e) {
        refusal = e.refusal();
      }
    }
    out.control(Frames.refused(command, refusal));
  }

  private void typing(Typing typing) {
    Following conversation = following.get(typing.getConversationId());
    if (conversation != null && conversation.active && conversation.open()) {
      port.typing(conversation.id);
    }
  }

  private void credit(Credit credit) {
    if (!out.acknowledged(credit.getFrames())) {
      violation("Credit for " + credit.getFrames() + " frames; fewer were sent");
      return;
    }
    pump();
  }

  // ------------------------------------------------------------------ what the owners say

  /** The user's conversations, in answer to {@link SessionPort#listConversations}. */
  public void conversations(Collection<String> ids) {
    if (phase != Phase.OPEN || listed) {
      return;
    }
    listed = true;
    for (Map.Entry<String, Cursor> cursor : cursors.entrySet()) {
      askToFollow(cursor.getKey(), cursor.getValue(), Start.HEAD);
    }
    for (String conversation : ids) {
      if (!cursors.containsKey(conversation)) {
        askToFollow(conversation, null, Start.HEAD);
      }
    }
    cursors.clear();
    followNext();
    announceLive();
  }

  /** The user's conversations could not be read. */
  public void conversationsUnavailable(Refusal why) {
    fail(why);
  }

  /** The user has become a member of a conversation. */
  public void added(String conversationId) {
    if (phase != Phase.OPEN || !listed) {
      return; // the list that is being read says so too
    }
    Following known = following.get(conversationId);
    if (known == null) {
      askToFollow(conversationId, null, Start.JOIN);
    } else if (known.active && !known.open()) {
      known.active = false;
      toFollow.add(new FollowRequest(known, Cursor.newBuilder().setSeq(known.written).build(), Start.HEAD));
    }
    followNext();
  }

  private void askToFollow(String conversationId, @Nullable Cursor cursor, Start start) {
    if (following.size() >= limits.conversations()) {
      out.control(
          Frames.error(
              Refusal.limitExceeded("conversations in one session", limits.conversations()), conversationId, false));
      return;
    }
    Following added = new Following(conversationId);
    following.put(conversationId, added);
    toFollow.add(new FollowRequest(added, cursor, start));
  }

  private void followNext() {
    while (followsOnTheirWay < limits.concurrentFollows() && !toFollow.isEmpty() && retryFollowsAt == null) {
      FollowRequest next = toFollow.removeFirst();
      followsOnTheirWay++;
      port.follow(next.following.id, next.cursor, next.start);
    }
  }

  /** The owner's answer to {@link SessionPort#follow}. */
  public void followed(String conversationId, @Nullable Cursor cursor, Start start, FollowAnswer answer) {
    followsOnTheirWay--;
    Following conversation = following.get(conversationId);
    if (phase == Phase.CLOSED || conversation == null) {
      return;
    }
    switch (answer) {
      case FollowAnswer.Refused refused -> notFollowed(conversation, cursor, start, refused.refusal());
      case FollowAnswer.Following begun -> begin(conversation, begun);
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
      out.control(Frames.error(refusal, conversation.id, false));
    }
  }

  private void begin(Following conversation, FollowAnswer.Following begun) {
    conversation.active = true;
    conversation.readable(begun.readable());
    conversation.head = begun.head().getSeq();
    conversation.headTold = conversation.head;
    conversation.written = begun.afterSeq();
    if (begun.reset() != null) {
      conversation.written = conversation.head;
      out.control(
          ServerFrame.newBuilder()
              .setReset(
                  Reset.newBuilder()
                      .setConversationId(conversation.id)
                      .setReason(begun.reset())
                      .setNext(begun.head())));
    }
    out.control(Frames.catchUp(conversation.id, conversation.written, begun));
    if (conversation.lacks()) {
      conversation.catchUpTo = conversation.head;
      catchingUp++;
      readFor(conversation);
    } else if (!begun.member()) {
      ended(conversation);
    }
    pump();
  }

  private void ended(Following conversation) {
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
    }
  }

  /** A record was appended to a conversation that this session follows. */
  public void fed(CommittedRecord record, EncodedFrame frame) {
    Following conversation = following.get(record.conversationId());
    if (phase != Phase.OPEN || conversation == null || !conversation.active) {
      return; // the follow answer, which is still to come, covers it
    }
    conversation.fed(record, user.getUserId());
    if (conversation.behind || conversation.reading || record.lastSeq() <= conversation.written) {
      return;
    }
    boolean next = conversation.written + 1 == record.firstSeq();
    if (next && record.lastSeq() <= conversation.head && out.open()) {
      if (commands.touches(record)) {
        writeWithResults(conversation, record, record.firstSeq(), record.lastSeq());
      } else {
        out.frame(frame);
        conversation.written = record.lastSeq();
      }
    } else if (conversation.lacks()) {
      readFor(conversation);
      pump();
    }
  }

  private void readFor(Following conversation) {
    if (!conversation.behind) {
      conversation.behind = true;
      behind.addLast(conversation);
    }
  }

  /** Asks for what is missing, as long as the client takes it. */
  private void pump() {
    while (out.open() && readsOnTheirWay < CONCURRENT_READS && !behind.isEmpty()) {
      Following conversation = behind.removeFirst();
      conversation.behind = false;
      if (conversation.active && conversation.lacks()) {
        conversation.reading = true;
        readsOnTheirWay++;
        port.read(conversation.id, conversation.nextReadable(conversation.written + 1));
      }
    }
  }

  /** The transport takes more again. */
  public void ready() {
    if (phase == Phase.OPEN) {
      pump();
    }
  }

  /** Records in order, in answer to {@link SessionPort#read}; what does not fit is read again later. */
  public void read(String conversationId, List<CommittedRecord> records) {
    readsOnTheirWay--;
    Following conversation = following.get(conversationId);
    if (phase != Phase.OPEN || conversation == null) {
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
      if (!conversation.open()) {
        ended(conversation);
      }
    }
    if (conversation.lacks()) {
      readFor(conversation);
    }
    pump();
    announceLive();
  }

  /** A read failed: tried again with the next tick. */
  public void readFailed(String conversationId) {
    readsOnTheirWay--;
    Following conversation = following.get(conversationId);
    if (conversation != null) {
      conversation.reading = false;
      readFor(conversation);
    }
  }

  /** Collects events of one conversation into few frames. */
  private final class Batch {
    private static final int MAX_BYTES = 64 << 10;

    private final Following conversation;
    private final java.util.ArrayList<ByteString> events = new java.util.ArrayList<>();
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
      if (commands.touches(record) || !conversation.mayRead(to) || from != conversation.written + 1) {
        flush();
        writeWithResults(conversation, record, from, to);
        return;
      }
      for (long seq = from; seq <= to; seq++) {
        ByteString event = record.eventBytes(seq);
        events.add(event);
        bytes += event.size();
      }
      last = record;
      conversation.written = to;
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
  private void writeWithResults(Following conversation, CommittedRecord record, long from, long to) {
    long start = conversation.nextReadable(from);
    for (long seq = start; seq <= to; seq++) {
      boolean readable = conversation.mayRead(seq);
      ServerFrame.Builder result = readable ? commands.resultFor(record, seq) : null;
      if (readable && result == null) {
        continue;
      }
      if (start < seq) {
        out.frame(EncodedFrame.events(record, start, seq - 1));
      }
      if (result != null) {
        out.frame(EncodedFrame.of(result));
      }
      start = readable ? seq + 1 : Math.min(conversation.nextReadable(seq), to + 1);
      seq = start - 1;
    }
    if (start <= to) {
      out.frame(EncodedFrame.events(record, start, to));
    }
    conversation.written = to;
  }

  /** The outcome of a command. */
  public void answered(Request request, Answer answer) {
    if (phase == Phase.CLOSED || !commands.isOpen(request)) {
      return; // its event, which was fed before, was the answer
    }
    switch (answer) {
      case Answer.Refused refused -> {
        commands.remove(request);
        out.control(Frames.refused(request.conversationId(), request.command().getClientEventId(), refused.refusal()));
      }
      case Answer.Stored stored -> stored(request, stored);
    }
  }

  private void stored(Request request, Answer.Stored stored) {
    Following conversation = following.get(request.conversationId());
    boolean comesInOrder = !stored.repeated() && conversation != null && stored.cursor().getSeq() > conversation.written;
    if (comesInOrder) {
      return; // the feed, or the reading for one who is behind, brings it to its place
    }
    commands.remove(request);
    out.control(commands.result(request, stored));
    if (conversation == null && listed) {
      // A conversation that this command has begun or joined: on from its own event.
      askToFollow(request.conversationId(), stored.cursor(), Start.HEAD);
      followNext();
    }
  }

  /** A read mark was refused. */
  public void markRefused(String conversationId, Refusal refusal) {
    if (phase != Phase.CLOSED) {
      out.control(Frames.error(refusal, conversationId, false));
    }
  }

  /** Somebody has read. Not sent to one who is behind: the first thing to be shed. */
  public void receipt(Receipt receipt) {
    Following conversation = following.get(receipt.getConversationId());
    if (conversation != null && conversation.active && conversation.open() && out.open()) {
      out.frame(EncodedFrame.of(ServerFrame.newBuilder().setReceipt(receipt)));
    }
  }

  /** Somebody is typing. Not sent to one who is behind: the first thing to be shed. */
  public void typing(String conversationId, String userId) {
    Following conversation = following.get(conversationId);
    if (conversation != null && conversation.active && conversation.open() && out.open()) {
      out.frame(
          EncodedFrame.of(
              ServerFrame.newBuilder()
                  .setTyping(Typing.newBuilder().setConversationId(conversationId).setUserId(userId))));
    }
  }

  // ------------------------------------------------------------------ time and end

  /** Called about once a second. */
  public void tick() {
    if (phase == Phase.CLOSED) {
      return;
    }
    Instant now = clock.instant();
    if (!tokenExpires.isAfter(now)) {
      fail(Refusal.of(ErrorReason.ERROR_REASON_TOKEN_EXPIRED, "the token's time is over"));
    } else if (Duration.between(lastHeard, now).compareTo(limits.heartbeat().multipliedBy(3)) > 0) {
      fail(Refusal.of(ErrorReason.ERROR_REASON_HEARTBEAT_MISSED, "nothing was heard for three heartbeats"));
    } else if (phase != Phase.OPEN && Duration.between(opened, now).compareTo(limits.helloDeadline()) > 0) {
      fail(
          Refusal.of(
              ErrorReason.ERROR_REASON_PROTOCOL_VIOLATION,
              "no Hello and complete Cursors within " + limits.helloDeadline().toSeconds() + " s"));
    } else if (phase == Phase.OPEN) {
      if (retryFollowsAt != null && !retryFollowsAt.isAfter(now)) {
        retryFollowsAt = null;
        followNext();
      }
      if (Duration.between(lastHeads, now).compareTo(limits.heartbeat()) >= 0) {
        heads(false);
      }
      pump();
    }
  }

  private void heads(boolean all) {
    lastHeads = clock.instant();
    Frames.heads(following.values(), all).forEach(out::control);
  }

  /** A newer token was checked: the stream lives on with it. */
  public void refreshed(String userId, Instant expires) {
    if (userId.equals(user.getUserId())) {
      tokenExpires = expires;
    } else {
      fail(Refusal.of(ErrorReason.ERROR_REASON_TOKEN_INVALID, "the new token is of another user"));
    }
  }

  /** A newer token was refused: the stream goes on until the old one ends. */
  public void notRefreshed(Refusal why) {
    if (phase != Phase.CLOSED) {
      out.control(Frames.error(why, "", false));
    }
  }

  /** Asks the client to open a new stream after {@code after}; this one stays for now. */
  public void reconnect(Duration after) {
    if (phase != Phase.CLOSED) {
      out.control(
          ServerFrame.newBuilder()
              .setReconnect(
                  Reconnect.newBuilder().setAfter(Frames.duration(after)).setReason("DRAINING")));
    }
  }

  /** Another session of this device has taken its place. */
  public void displaced() {
    if (phase != Phase.CLOSED) {
      out.control(ServerFrame.newBuilder().setReconnect(Reconnect.newBuilder().setReason("DISPLACED")));
      fail(Refusal.of(ErrorReason.ERROR_REASON_DISPLACED, "another session of this device has taken its place"));
    }
  }

  /** The router stops waiting for the client to leave. */
  public void drained() {
    if (phase != Phase.CLOSED) {
      fail(
          new Refusal(
              ErrorReason.ERROR_REASON_DRAINING, "this router is going away", Map.of(), Duration.ofMillis(100)));
    }
  }

  /** The client has ended the stream, or it broke. */
  public void ended() {
    if (phase != Phase.CLOSED) {
      phase = Phase.CLOSED;
      release();
      port.close(null);
    }
  }

  private void fail(Refusal why) {
    if (phase == Phase.CLOSED) {
      return;
    }
    phase = Phase.CLOSED;
    out.control(Frames.error(why, "", true));
    release();
    port.close(why);
  }

  private void release() {
    following.values().forEach(conversation -> port.unfollow(conversation.id));
    following.clear();
    behind.clear();
    toFollow.clear();
    cursors.clear();
  }
}
