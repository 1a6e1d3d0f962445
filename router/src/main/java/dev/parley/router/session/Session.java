package dev.parley.router.session;

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
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Command;
import dev.parley.v1.Credit;
import dev.parley.v1.Delivered;
import dev.parley.v1.Cursor;
import dev.parley.v1.Cursors;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Limits;
import dev.parley.v1.ReadMark;
import dev.parley.v1.Receipt;
import dev.parley.v1.Reconnect;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.Typing;
import dev.parley.v1.User;
import dev.parley.v1.Welcome;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
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
  /** Answers come within milliseconds, or after a deadline of seconds. */
  private static final Duration OPEN_COMMANDS_RETRY = Duration.ofMillis(500);

  /** How often a client may ask for all heads: telling them costs a hash for each conversation. */
  private static final Duration HEADS_REQUEST_INTERVAL = Duration.ofSeconds(5);
  /** After these the client is soon there again. */
  private static final Set<ErrorReason> COMES_BACK =
      Set.of(ErrorReason.ERROR_REASON_DRAINING, ErrorReason.ERROR_REASON_INTERNAL);
  /** Why a stream ends whose token was revoked. */
  public static final Refusal TOKEN_REVOKED =
      Refusal.of(ErrorReason.ERROR_REASON_TOKEN_REVOKED, "the token was revoked: log in anew");

  private static final Duration RATE_NOTICE_INTERVAL = Duration.ofSeconds(10);

  private final String id;
  private final String router;
  private final User user;
  private final SessionLimits limits;
  private final InstantSource clock;
  private final SessionPort port;
  private final SessionMetrics metrics;
  private final Outbound out;
  private final OpenCommands commands;
  private final Deliveries deliveries;
  private final SessionWatches watches;
  private final RateMeter frames;

  private Phase phase = Phase.HELLO;
  private String device = "";
  private Instant tokenIssued;
  private Instant tokenExpires;
  private Instant lastHeard;
  private Instant lastHeads;
  private Instant rateNotice = Instant.EPOCH;
  private Instant lastAllHeads = Instant.EPOCH;
  /** When to look again which conversations the user has. */
  private Instant nextList = Instant.MAX;
  private final Instant opened;

  private final Map<String, Cursor> cursors = new HashMap<>();

  private enum Phase {
    HELLO,
    CURSORS,
    OPEN,
    CLOSED
  }

  /**
   * A session that waits for Hello.
   *
   * @param tokenIssued when the credential of the stream was issued
   * @param tokenExpires when it ends
   */
  public Session(
      String id,
      String router,
      User user,
      Instant tokenIssued,
      Instant tokenExpires,
      SessionLimits limits,
      dev.parley.v1.Durability durability,
      InstantSource clock,
      SessionPort port,
      SessionMetrics metrics) {
    this.metrics = metrics;
    this.id = id;
    this.router = router;
    this.user = user;
    this.tokenIssued = tokenIssued;
    this.tokenExpires = tokenExpires;
    this.limits = limits;
    this.clock = clock;
    this.port = port;
    this.out = new Outbound(port, limits.unacknowledgedFrames(), metrics);
    this.commands = new OpenCommands(durability, metrics);
    this.watches = new SessionWatches(user.getUserId(), limits, clock, port, out, new Shared(), this::fault, metrics);
    this.deliveries = new Deliveries(user.getUserId(), limits, clock, port, out, commands, watches, metrics);
    this.frames = new RateMeter(limits.framesPerSecond(), 2.0 * limits.framesPerSecond());
    this.opened = clock.instant();
    this.lastHeard = opened;
    this.lastHeads = opened;
  }

  /** What presence needs to know of the conversations. */
  private final class Shared implements SessionWatches.Conversations {
    @Override
    public boolean isIn(String conversationId) {
      return deliveries.isIn(conversationId);
    }

    @Override
    public boolean isComing(String conversationId) {
      return deliveries.isComing(conversationId);
    }
  }

  /** The name in the log. */
  public String id() {
    return id;
  }

  /** Whose it is. */
  public String userId() {
    return user.getUserId();
  }

  /** When the stream began. */
  public Instant opened() {
    return opened;
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
      case COMMAND -> refuse(frame.getCommand(), why);
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
      case READ_MARK -> whenOpen("ReadMark", () -> readMark(frame.getReadMark()));
      case TYPING -> whenOpen("Typing", () -> typing(frame.getTyping()));
      case CREDIT -> whenOpen("Credit", () -> credit(frame.getCredit()));
      case REFRESH_TOKEN -> port.verify(frame.getRefreshToken().getToken());
      case HEADS_REQUEST -> whenOpen("HeadsRequest", this::headsRequest);
      case WATCH_PRESENCE -> whenOpen("WatchPresence", () -> watches.watch(frame.getWatchPresence()));
      case ACTIVITY -> whenOpen("Activity", () -> watches.device().set(frame.getActivity()));
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
                            .setCommandsPerSecond(limits.commandsPerSecond())
                            .setReadsPerSecond(limits.readsPerSecond())
                            .setReadMarksPerSecond(limits.readMarksPerSecond())
                            .setTypingPerSecond(limits.typingPerSecond())
                            .setWatchedUsers(limits.watchedUsers())
                            .setWatchedRooms(limits.watchedRooms()))));
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
      nextList = clock.instant().plus(limits.listAgain());
      watches.device().opened();
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
    watches.device().used();
    Refusal refusal;
    if (commands.size() >= limits.openCommands()) {
      refusal =
          new Refusal(
              ErrorReason.ERROR_REASON_LIMIT_EXCEEDED,
              "more than " + limits.openCommands() + " commands of this session without an answer",
              Map.of("limit", Integer.toString(limits.openCommands())),
              OPEN_COMMANDS_RETRY);
    } else {
      refusal = port.take(Allowances.Kind.COMMAND);
    }
    if (refusal == null) {
      try {
        Request checked = Request.of(user.getUserId(), command);
        switch (commands.kind(checked)) {
          case NEW -> port.submit(commands.open(checked), bytes);
          case SAME -> {}
          case CONFLICT ->
              refuse(
                  command,
                  Refusal.of(
                      ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_CONFLICT,
                      "a command with this id and another body waits for its answer"));
        }
        return;
      } catch (RefusedException e) {
        refusal = e.refusal();
      }
    }
    refuse(command, refusal);
  }

  private void refuse(Command command, Refusal why) {
    metrics.answered(metrics.begin(), why.reason());
    out.control(Frames.refused(command, why));
  }

  private void readMark(ReadMark mark) {
    watches.device().used();
    Refusal refusal = port.take(Allowances.Kind.READ_MARK);
    if (refusal == null) {
      port.mark(mark.getConversationId(), mark.getSeq());
    } else {
      markRefused(mark.getConversationId(), refusal);
    }
  }

  /** Passes it on, or sheds it without a word: it is not worth an answer. */
  private void typing(Typing typing) {
    watches.device().used();
    if (deliveries.isMemberOf(typing.getConversationId())) {
      if (port.take(Allowances.Kind.TYPING) == null) {
        port.typing(typing.getConversationId());
      } else {
        metrics.shed(SessionMetrics.Shed.TYPING);
      }
    }
  }

  private void credit(Credit credit) {
    if (!out.acknowledged(credit.getFrames())) {
      violation("Credit for " + credit.getFrames() + " frames; fewer were sent");
      return;
    }
    for (Delivered delivered : credit.getDeliveredList()) {
      if (deliveries.isIn(delivered.getConversationId())) {
        port.delivered(delivered.getConversationId(), delivered.getSeq());
      }
    }
    deliveries.pump();
  }

  // ------------------------------------------------------------------ what the owners say

  /** The user's conversations, in answer to {@link SessionPort#listConversations}. */
  public void conversations(Collection<String> ids) {
    if (phase != Phase.OPEN) {
      return;
    }
    if (deliveries.started()) {
      deliveries.listedAgain(ids);
    } else {
      deliveries.start(cursors, ids);
      // What it comes with it has.
      ids.forEach(
          id -> {
            Cursor has = cursors.get(id);
            if (has != null) {
              port.delivered(id, has.getSeq());
            }
          });
      cursors.clear();
    }
  }

  /** The user's conversations could not be read. */
  public void conversationsUnavailable(Refusal why) {
    if (!deliveries.started()) {
      fail(why);
    }
  }

  /** Looks soon which conversations the user has: a notice of one may have been lost. */
  public void listAgainWithin(Duration wait) {
    if (phase == Phase.OPEN) {
      nextList = clock.instant().plus(wait);
    }
  }

  /** The user has become a member of a conversation. */
  public void added(String conversationId) {
    if (phase == Phase.OPEN) {
      deliveries.added(conversationId);
    }
  }

  /** What was fed of these conversations has a hole. */
  public void broken(Predicate<String> conversations) {
    if (phase == Phase.OPEN) {
      deliveries.broken(conversations);
    }
  }

  /** The owner's answer to {@link SessionPort#follow}. */
  public void followed(String conversationId, @Nullable Cursor cursor, Start start, FollowAnswer answer) {
    if (phase == Phase.OPEN) {
      deliveries.followed(conversationId, cursor, start, answer);
    }
  }

  /** A record was appended to a conversation that this session follows; {@code frame}: all of it, encoded. */
  public void fed(CommittedRecord record, EncodedFrame frame) {
    if (phase == Phase.OPEN) {
      deliveries.fed(record, frame);
    }
  }

  /** The transport takes more again. */
  public void ready() {
    if (phase == Phase.OPEN) {
      deliveries.pump();
    }
  }

  /** Records in order, in answer to {@link SessionPort#read}. */
  public void read(String conversationId, List<CommittedRecord> records) {
    if (phase == Phase.OPEN) {
      deliveries.read(conversationId, records);
    }
  }

  /** A read failed: tried again with the next tick. */
  public void readFailed(String conversationId) {
    if (phase == Phase.OPEN) {
      deliveries.readFailed(conversationId);
    }
  }

  /** What was asked for was trimmed. */
  public void trimmed(String conversationId) {
    if (phase == Phase.OPEN) {
      deliveries.trimmed(conversationId);
    }
  }

  /** The outcome of a command. */
  public void answered(Request request, Answer answer) {
    if (phase == Phase.CLOSED || !commands.isOpen(request)) {
      return; // its event, which was fed before, was the answer
    }
    switch (answer) {
      case Answer.Refused refused -> {
        commands.remove(request, refused.refusal().reason());
        out.control(Frames.refused(request.conversationId(), request.command().getClientEventId(), refused.refusal()));
      }
      case Answer.Stored stored -> deliveries.stored(request, stored);
      case Answer.Bounced bounced -> throw new IllegalArgumentException("no outcome: " + bounced);
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
    deliveries.receipt(receipt);
  }

  /** Somebody is typing. Not sent to one who is behind: the first thing to be shed. */
  public void typing(String conversationId, String typist) {
    deliveries.typing(conversationId, typist);
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
      if (Duration.between(lastHeads, now).compareTo(limits.heartbeat()) >= 0) {
        heads(false);
      }
      if (!nextList.isAfter(now)) {
        nextList = now.plus(limits.listAgain());
        port.listConversations();
      }
      deliveries.tick();
      watches.tick();
    }
  }

  private void headsRequest() {
    Instant now = clock.instant();
    if (Duration.between(lastAllHeads, now).compareTo(HEADS_REQUEST_INTERVAL) < 0) {
      out.control(
          Frames.error(
              new Refusal(
                  ErrorReason.ERROR_REASON_RATE_LIMITED,
                  "all heads are told once in " + HEADS_REQUEST_INTERVAL.toSeconds() + " s",
                  Map.of(),
                  HEADS_REQUEST_INTERVAL),
              "",
              false));
      return;
    }
    lastAllHeads = now;
    heads(true);
  }

  private void heads(boolean all) {
    lastHeads = clock.instant();
    deliveries.heads(all);
  }

  /** A newer token was checked: the stream lives on with it. */
  public void refreshed(String userId, Instant issued, Instant expires) {
    if (userId.equals(user.getUserId())) {
      tokenIssued = issued;
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

  /** The user's tokens that were issued before this time are not good any more. */
  public void revoked(Instant issuedBefore) {
    if (phase != Phase.CLOSED && tokenIssued.isBefore(issuedBefore)) {
      fail(TOKEN_REVOKED);
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

  /** Something in this session went wrong that is the server's fault: the client comes back and resumes. */
  void fault() {
    if (phase != Phase.CLOSED) {
      fail(Refusal.of(ErrorReason.ERROR_REASON_INTERNAL, "a fault of the server; session " + id + " in its log"));
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

  /** The client has ended the stream. */
  public void ended() {
    ended(false);
  }

  /** The stream broke: the client may be back in a moment. */
  public void broke() {
    ended(true);
  }

  private void ended(boolean broke) {
    if (phase != Phase.CLOSED) {
      phase = Phase.CLOSED;
      watches.ended(broke);
      release();
      port.close(null);
    }
  }

  private void release() {
    deliveries.release();
    commands.abandon();
  }

  /** Which users and rooms it watches. */
  SessionWatches watches() {
    return watches;
  }

  /** The owner's answer to {@link SessionPort#members}. */
  public void members(
      String conversationId, List<String> asked, @Nullable Set<String> members, @Nullable Refusal refusal) {
    if (phase == Phase.OPEN) {
      watches.members(conversationId, asked, members, refusal);
    }
  }

  private void fail(Refusal why) {
    if (phase == Phase.CLOSED) {
      return;
    }
    phase = Phase.CLOSED;
    out.control(Frames.error(why, "", true));
    watches.ended(COMES_BACK.contains(why.reason()));
    release();
    port.close(why);
  }
}
