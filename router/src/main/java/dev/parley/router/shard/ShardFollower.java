package dev.parley.router.shard;

import dev.parley.conversation.Refusal;
import dev.parley.router.feed.FromOwner;
import dev.parley.router.feed.Item;
import dev.parley.router.feed.Question;
import dev.parley.router.feed.Reply;
import dev.parley.router.feed.RouterId;
import dev.parley.router.feed.ToOwner;
import dev.parley.router.view.View;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.Term;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One shard as the sessions of this router know it: asks its owner, wherever that is, and takes its feed.
 *
 * <p>Every question and command is kept until it is answered. The owner may change, die, or lose sight of this router:
 * then a new feed is opened at whoever is the owner by then, everything without an answer is asked again in the order
 * in which it was asked first, and what was missed is fed from the watermark on. So an owner needs to remember nothing
 * of a feed that it ends, and whatever is lost, repeated or late on the way is harmless: what carries another epoch than
 * the feed's is ignored, and a batch that does not begin at the watermark opens a new feed.
 *
 * <pre>
 *   SEEKING --Open said to the owner of the view--> ASKING --Opened--> FOLLOWING
 *      ^                                              |                   |
 *      +--- Bounced, link down, another owner, a batch out of turn -------+
 * </pre>
 *
 * <p>Belongs to the shard's thread.
 */
final class ShardFollower {
  private static final Duration RETRY = Duration.ofMillis(50);
  /** Ticks that are so far apart mean that this process was stopped between them. */
  private static final Duration STOPPED = Duration.ofSeconds(1);
  private static final Duration RETRY_SOON = Duration.ofMillis(500);

  private final int shard;
  private final OwnerLimits limits;
  private final InstantSource clock;
  private final Timer timer;
  private final BooleanSupplier connected;
  private final Owners owners;
  private final LoopFeed loops;
  private final ShardTail tail;

  /** Without an answer, in the order in which they were asked. */
  private final LinkedHashMap<Long, Asked> asked = new LinkedHashMap<>();
  /** Event loops that follow a conversation, one bit each. */
  private final Map<String, Long> followers = new HashMap<>();

  /** How many questions to follow a conversation have no answer. */
  private final Map<String, Integer> followsAsked = new HashMap<>();

  private View view = View.NOBODY;
  private Phase phase = Phase.SEEKING;
  private @Nullable RouterId owner;
  private long epoch;
  private long watermark;
  private Term term = Term.getDefaultInstance();
  private long lastId;
  private long askedBytes;
  private boolean retrying;
  private boolean draining;
  private Instant ticked;
  /** Since when there is no link to the owner; null: there is one. */
  private @Nullable Instant unreachableSince;

  private enum Phase {
    SEEKING,
    ASKING,
    FOLLOWING
  }

  /** How owners are spoken to. */
  interface Owners {
    /** False: there is no way to this router, or too much waits for it. */
    boolean say(RouterId owner, ToOwner message);
  }

  private static final class Asked {
    final long id;
    final Question question;
    final int bytes;
    final Instant deadline;
    final BooleanSupplier wanted;
    final Consumer<Reply> reply;
    boolean said;

    Asked(
        long id,
        Question question,
        int bytes,
        Instant deadline,
        BooleanSupplier wanted,
        Consumer<Reply> reply) {
      this.id = id;
      this.question = question;
      this.bytes = bytes;
      this.deadline = deadline;
      this.wanted = wanted;
      this.reply = reply;
    }
  }

  ShardFollower(
      int shard,
      OwnerLimits limits,
      InstantSource clock,
      Timer timer,
      BooleanSupplier connected,
      Owners owners,
      LoopFeed loops,
      ShardTail tail) {
    this.shard = shard;
    this.limits = limits;
    this.clock = clock;
    this.timer = timer;
    this.connected = connected;
    this.owners = owners;
    this.loops = loops;
    this.tail = tail;
    this.ticked = clock.instant();
  }

  // ------------------------------------------------------------------ from the sessions

  /** As {@link #ask(Question, int, BooleanSupplier, Consumer)}, for one who waits until there is an answer. */
  void ask(Question question, int bytes, Consumer<Reply> reply) {
    ask(question, bytes, () -> true, reply);
  }

  /**
   * Asks the owner; {@code reply} is told on the shard's thread, in order with what is fed.
   *
   * @param wanted false when the asker has gone: it is not asked again then, since the client may send the same through
   *     another stream, and must not be told there that it is refused while it may still be stored from here
   */
  void ask(Question question, int bytes, BooleanSupplier wanted, Consumer<Reply> reply) {
    Reply.Refused refusal = admit(question, bytes);
    if (refusal != null) {
      reply.accept(refusal);
      return;
    }
    Asked added =
        new Asked(++lastId, question, bytes, clock.instant().plus(limits.sendDeadline()), wanted, reply);
    asked.put(added.id, added);
    askedBytes += bytes;
    if (question instanceof Question.Follow follow) {
      followsAsked.merge(follow.conversationId(), 1, Integer::sum);
    }
    if (phase != Phase.SEEKING && owner != null) {
      say(owner, added);
    }
  }

  private Reply.@Nullable Refused admit(Question question, int bytes) {
    if (draining && question instanceof Question.Submit) {
      return refused(ErrorReason.ERROR_REASON_DRAINING, "this router is going away; open a new stream");
    }
    if (asked.size() >= limits.waitingCommands() || askedBytes + bytes > limits.waitingBytes()) {
      return refused(ErrorReason.ERROR_REASON_OVERLOADED, "too many commands wait for this part of the log");
    }
    if (question instanceof Question.Submit && !connected.getAsBoolean()) {
      return refused(
          ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE, "no connection to the broker; this attempt stored nothing");
    }
    if (question instanceof Question.Submit && isUnreachable()) {
      return refused(
          ErrorReason.ERROR_REASON_OVERLOADED, "the owner of this conversation cannot be reached; nothing was sent");
    }
    return null;
  }

  /** A link that is down for longer than a dead router stays registered leads to one that lives. */
  private boolean isUnreachable() {
    return unreachableSince != null
        && Duration.between(unreachableSince, clock.instant()).compareTo(limits.unreachable()) > 0;
  }

  private void say(RouterId to, Asked question) {
    boolean said =
        owners.say(to, new ToOwner.Ask(epoch, question.id, question.question, question.bytes, question.said));
    if (said) {
      question.said = true;
    } else if (owner == to) {
      seek();
    }
  }

  /** A loop follows a conversation from the answer on that is being told. */
  void follows(String conversationId, int loop) {
    if (followers.merge(conversationId, 1L << loop, (one, other) -> one | other) == 1L << loop) {
      tail.forget(conversationId);
    }
  }

  /** Nobody on that loop follows any more. */
  void unfollow(String conversationId, int loop) {
    Long left = followers.computeIfPresent(conversationId, (id, bits) -> bits & ~(1L << loop));
    if (left != null && left == 0) {
      followers.remove(conversationId);
      tail.forget(conversationId);
      // A loop that has asked to follow may be fed already, from before its answer is here.
      if (phase != Phase.SEEKING && owner != null && !followsAsked.containsKey(conversationId)) {
        owners.say(owner, new ToOwner.Unfollow(conversationId));
      }
    }
  }

  /** A user is typing; lost if the owner is not at hand. */
  void typing(String conversationId, String userId) {
    if (phase == Phase.FOLLOWING && owner != null) {
      owners.say(owner, new ToOwner.Typing(conversationId, userId));
    }
  }

  // ------------------------------------------------------------------ finding the owner

  /** Routers have come or gone. */
  void view(View now) {
    view = now;
    RouterId next = now.owner(shard);
    if (phase == Phase.SEEKING || !Objects.equals(next, owner)) {
      seek();
    }
  }

  /** A router can be reached. */
  void up(RouterId router) {
    if (router.equals(view.owner(shard)) && phase == Phase.SEEKING) {
      open();
    }
  }

  /** A router cannot be reached. */
  void down(RouterId router) {
    if (router.equals(owner)) {
      seek();
    }
  }

  /** Leaves the owner and opens a feed at the one that the view names: at once, or as soon as it can be reached. */
  private void seek() {
    phase = Phase.SEEKING;
    owner = null;
    open();
  }

  private void open() {
    RouterId next = view.owner(shard);
    if (next == null) {
      return; // the next view may name one
    }
    forgetWhenStopped();
    tick();
    long now = ++epoch;
    owner = next;
    phase = Phase.ASKING;
    if (!owners.say(next, new ToOwner.Open(now, view.number(), watermark, term, List.copyOf(followers.keySet())))) {
      phase = Phase.SEEKING;
      owner = null;
      if (unreachableSince == null) {
        unreachableSince = clock.instant();
      }
      retry();
      return;
    }
    unreachableSince = null;
    for (Asked question : List.copyOf(asked.values())) {
      if (epoch != now || phase == Phase.SEEKING) {
        return; // it was answered on the spot that this is not the owner
      }
      if (question.wanted.getAsBoolean()) {
        say(next, question);
      } else {
        asked.remove(question.id);
        forget(question);
      }
    }
  }

  private void retry() {
    if (!retrying) {
      retrying = true;
      timer.after(
          RETRY,
          () -> {
            retrying = false;
            if (phase == Phase.SEEKING) {
              open();
            }
          });
    }
  }

  // ------------------------------------------------------------------ from the owner

  /** A router has said something. */
  void heard(RouterId from, FromOwner message) {
    switch (message) {
      case FromOwner.Opened opened when isCurrent(from, opened.epoch()) -> opened(opened);
      case FromOwner.Batch batch when isCurrent(from, batch.epoch()) -> batch(batch);
      case FromOwner.Bounced bounced when isCurrent(from, bounced.epoch()) -> bounced(from, bounced.again());
      default -> {} // of a feed that is over
    }
  }

  private boolean isCurrent(RouterId from, long ofEpoch) {
    return phase != Phase.SEEKING && ofEpoch == epoch && from.equals(owner);
  }

  private void opened(FromOwner.Opened opened) {
    phase = Phase.FOLLOWING;
    if (opened.anew() || opened.position() != watermark) {
      watermark = opened.position();
      followers.clear();
      tail.clear();
      loops.broken(shard);
    }
    term = opened.term();
  }

  private void batch(FromOwner.Batch batch) {
    if (phase != Phase.FOLLOWING || batch.from() != watermark) {
      seek();
      return;
    }
    for (Item item : batch.items()) {
      switch (item) {
        case Item.Record record -> committed(record.record());
        case Item.Answered answered -> answered(answered);
        case Item.Read read -> loops.receipt(followersOf(read.receipt().getConversationId()), read.receipt(), read.onlyFor());
        case Item.Typing typing ->
            loops.typing(followersOf(typing.conversationId()), typing.conversationId(), typing.userId());
      }
    }
    watermark = batch.to();
    term = batch.term();
  }

  private long followersOf(String conversationId) {
    return followers.getOrDefault(conversationId, 0L);
  }

  private void committed(CommittedRecord record) {
    long bits = followersOf(record.conversationId());
    if (bits == 0) {
      return;
    }
    tail.add(record);
    for (Event event : record.events()) {
      if (event.hasDeletion()) {
        tail.cut(record.conversationId(), event.getDeletion().getTargetSeq());
      }
    }
    loops.committed(bits, record);
  }

  private void answered(Item.Answered answered) {
    Asked question = asked.remove(answered.id());
    if (question != null) {
      forget(question);
      question.reply.accept(answered.reply());
    }
  }

  /** A question is over. */
  private void forget(Asked question) {
    askedBytes -= question.bytes;
    if (question.question instanceof Question.Follow follow) {
      followsAsked.computeIfPresent(follow.conversationId(), (id, count) -> count == 1 ? null : count - 1);
    }
  }

  private void bounced(RouterId by, boolean again) {
    phase = Phase.SEEKING;
    owner = null;
    if (!again && by.equals(view.owner(shard))) {
      retry(); // one of the two views is behind
    } else {
      open();
    }
  }

  // ------------------------------------------------------------------ time

  /**
   * A process that was stopped may have lost clients and not know yet. They may have sent their commands through another
   * router since: none of them must reach the log from here any more, after they were told there what became of it.
   */
  private void forgetWhenStopped() {
    if (Duration.between(ticked, clock.instant()).compareTo(limits.tick().plus(STOPPED)) < 0) {
      return;
    }
    for (Asked one : List.copyOf(asked.values())) {
      if (one.question instanceof Question.Submit) {
        asked.remove(one.id);
        forget(one);
        one.reply.accept(
            refused(
                ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN,
                "this router was stopped for a while; send the same id again to learn the outcome"));
      }
    }
  }

  /** Ends questions whose deadline has passed. Called every few hundred milliseconds. */
  void tick() {
    Instant now = clock.instant();
    ticked = now;
    while (!asked.isEmpty() && !asked.firstEntry().getValue().deadline.isAfter(now)) {
      Asked late = asked.pollFirstEntry().getValue();
      forget(late);
      late.reply.accept(outcome(late));
      if (late.question instanceof Question.Submit submit && late.said) {
        refuseBehind(submit);
      }
    }
  }

  private static Reply outcome(Asked late) {
    return late.question instanceof Question.Submit && late.said
        ? refused(
            ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN,
            "no answer came in time; send the same id again to learn the outcome")
        : refused(
            ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE, "no answer came in time; this attempt stored nothing");
  }

  /** What the same user sends to the same conversation must not overtake what may have to be sent again. */
  private void refuseBehind(Question.Submit late) {
    for (Asked one : List.copyOf(asked.values())) {
      if (!one.said
          && one.question instanceof Question.Submit behind
          && behind.request().conversationId().equals(late.request().conversationId())
          && behind.request().userId().equals(late.request().userId())) {
        asked.remove(one.id);
        forget(one);
        one.reply.accept(
            refused(
                ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE,
                "an earlier command of this user has no outcome yet; this one was not sent"));
      }
    }
  }

  /** Takes no new commands. */
  void drain() {
    draining = true;
  }

  /** The router stops: what has no answer gets none any more. */
  void close() {
    List<Asked> open = List.copyOf(asked.values());
    asked.clear();
    askedBytes = 0;
    open.forEach(
        one ->
            one.reply.accept(
                one.question instanceof Question.Submit && one.said
                    ? refused(ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN, "the router stops")
                    : refused(ErrorReason.ERROR_REASON_DRAINING, "this router is going away; open a new stream")));
  }

  private static Reply.Refused refused(ErrorReason reason, String message) {
    return new Reply.Refused(new Refusal(reason, message, Map.of(), RETRY_SOON));
  }

  /** Nothing waits for an answer. */
  boolean quiet() {
    return asked.isEmpty();
  }

  long watermark() {
    return watermark;
  }

  Term term() {
    return term;
  }

  boolean following() {
    return phase == Phase.FOLLOWING;
  }

  int openAsks() {
    return asked.size();
  }
}
