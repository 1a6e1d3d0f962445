package dev.parley.dispatcher.shard;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.ConversationState;
import dev.parley.conversation.Membership;
import dev.parley.conversation.Records;
import dev.parley.conversation.history.StateLoader;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.user.PushRules;
import dev.parley.internal.v1.DeliveredSeq;
import dev.parley.internal.v1.LogRecord;
import dev.parley.internal.v1.PushUser;
import dev.parley.v1.ConversationKind;
import dev.parley.v1.Event;
import dev.parley.v1.PushDevice;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one shard: each message waits for the grace, then whoever is to be told of it is found out, and told; what was
 * done is written to the dispatchers' log, and then the position moves.
 *
 * <pre>
 *   record --> waiting --(grace)--> who has it? --> who is to be told? --> jobs --> outcomes --> written --> acknowledged
 * </pre>
 *
 * <p>Belongs to the dispatcher's thread.
 */
final class ShardDispatcher {
  private static final Logger LOG = LoggerFactory.getLogger(ShardDispatcher.class);

  /** Messages that are looked at together. */
  private static final int BATCH = 1_000;

  /** While so many pushes wait, no more messages are looked at: they wait on the log. */
  private static final int MOST_JOBS = 20_000;

  private static final int TICKS_UNTIL_FORGOTTEN = 200;
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final int shard;
  private final Surroundings around;
  private final Progress progress;
  private final Conversations conversations;
  private final Outcomes outcomes;
  private final PushJobs jobs;
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private Instant notBefore = Instant.EPOCH;
  private long ticks;
  private boolean deciding;
  private boolean closed;

  /** Goes on behind {@code begin}. */
  ShardDispatcher(int shard, long begin, Surroundings around, Runnable onLost) {
    this.shard = shard;
    this.around = around;
    this.progress = new Progress(begin);
    this.conversations =
        new Conversations(
            new StateLoader(around.broker().shard(shard), around.broker().table(TableName.SNAPSHOTS)), around.loop());
    this.outcomes = new Outcomes(shard, around, progress, onLost);
    this.jobs = new PushJobs(around, progress, outcomes);
  }

  /** Where to acknowledge what is written. */
  void acknowledge(LongConsumer feed) {
    outcomes.acknowledge(feed);
  }

  // ------------------------------------------------------------------ records come

  /** The next record. */
  void record(StoredRecord stored) {
    progress.open(stored.position());
    try {
      LogRecord record = LogRecord.parseFrom(stored.bytes());
      if (!record.getConversationId().isEmpty()) {
        conversations.fold(record, stored.position(), stored.bytes().length);
        for (int i = 0; i < record.getEventsCount(); i++) {
          event(
              stored.position(), record.getConversationId(), Records.event(record, i), record.getTraceContext());
        }
      }
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      LOG.error("shard {}: the record at {} cannot be read; nobody is told of it", shard, stored.position(), e);
    }
    progress.less(stored.position());
  }

  private void event(long position, String conversationId, Event event, String trace) {
    switch (event.getBodyCase()) {
      case MESSAGE -> {
        progress.more(position);
        waiting.add(Waiting.of(position, conversationId, event, trace));
      }
      case EDIT -> {
        waiting.stream()
            .filter(one -> one.seq() == event.getEdit().getTargetSeq() && one.conversationId().equals(conversationId))
            .findAny()
            .ifPresent(edited -> replace(edited, edited.with(event.getEdit().getMessage())));
        jobs.changed(
            conversationId, event.getEdit().getTargetSeq(), Waiting.preview(event.getEdit().getMessage()));
      }
      case DELETION -> {
        Iterator<Waiting> all = waiting.iterator();
        while (all.hasNext()) {
          Waiting one = all.next();
          if (one.seq() == event.getDeletion().getTargetSeq() && one.conversationId().equals(conversationId)) {
            all.remove();
            progress.less(one.position());
          }
        }
        jobs.changed(conversationId, event.getDeletion().getTargetSeq(), "");
      }
      default -> { /* nobody is woken by the rest */ }
    }
  }

  private void replace(Waiting before, Waiting after) {
    List<Waiting> all = new ArrayList<>(waiting);
    all.replaceAll(one -> one == before ? after : one);
    waiting.clear();
    waiting.addAll(all);
  }

  // ------------------------------------------------------------------ whoever has not got them is found

  /** Time has passed. */
  void tick() {
    if (closed) {
      return;
    }
    decideWhatIsDue();
    jobs.tick();
    outcomes.tick();
    if (++ticks % TICKS_UNTIL_FORGOTTEN == 0) {
      jobs.forgetWithdrawn();
    }
  }

  private void decideWhatIsDue() {
    Instant now = around.clock().instant();
    if (deciding || jobs.size() > MOST_JOBS || now.isBefore(notBefore) || !around.broker().connected()) {
      return;
    }
    Map<String, List<Waiting>> due = new LinkedHashMap<>();
    int count = 0;
    while (!waiting.isEmpty()
        && count < BATCH
        && !now.isBefore(waiting.peek().time().plus(around.times().grace()))) {
      Waiting one = waiting.poll();
      due.computeIfAbsent(one.conversationId(), id -> new ArrayList<>(2)).add(one);
      count++;
    }
    if (!due.isEmpty()) {
      decide(List.copyOf(due.values()));
    }
  }

  /** What is known of a conversation and its sender; or why it is not. */
  private record Known(@Nullable ConversationState state, String sender, @Nullable Throwable failure) {}

  private void decide(List<List<Waiting>> groups) {
    deciding = true;
    List<CompletableFuture<Known>> known = new ArrayList<>(groups.size());
    for (List<Waiting> group : groups) {
      known.add(
          conversations
              .of(group.getFirst().conversationId())
              .thenCombine(
                  around.names().of(group.getLast().senderId()), (state, name) -> new Known(state, name, null))
              .exceptionally(failure -> new Known(null, "", unwrapped(failure))));
    }
    around.on(
        CompletableFuture.allOf(known.toArray(CompletableFuture[]::new)),
        (done, never) -> ask(groups, known.stream().map(CompletableFuture::join).toList()));
  }

  /** Asks the routers who has these messages, of those conversations only in which somebody has a device. */
  private void ask(List<List<Waiting>> groups, List<Known> known) {
    List<DeliveredSeq> questions = new ArrayList<>(groups.size());
    int[] question = new int[groups.size()];
    for (int i = 0; i < question.length; i++) {
      question[i] = questions.size();
      if (hasDevices(known.get(i).state())) {
        Waiting oldest = groups.get(i).getFirst();
        questions.add(
            DeliveredSeq.newBuilder().setConversationId(oldest.conversationId()).setSeq(oldest.seq()).build());
      }
    }
    if (questions.isEmpty()) {
      answered(groups, known, question, Map.of());
      return;
    }
    around.on(
        around.routers().whoHas(questions),
        (has, failure) -> {
          if (has == null) {
            throw new IllegalStateException("questions to routers never fail", failure);
          }
          answered(groups, known, question, has);
        });
  }

  private boolean hasDevices(@Nullable ConversationState state) {
    if (state != null) {
      for (Membership member : state.members()) {
        if (around.users().of(member.userId()).getDevicesCount() > 0) {
          return true;
        }
      }
    }
    return false;
  }

  private void answered(
      List<List<Waiting>> groups, List<Known> known, int[] question, Map<Routers.Asked, Long> has) {
    deciding = false;
    if (!closed) {
      decided(groups, known, question, has);
      decideWhatIsDue();
    }
  }

  private static Throwable unwrapped(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
  }

  private void decided(
      List<List<Waiting>> groups, List<Known> known, int[] question, Map<Routers.Asked, Long> has) {
    List<List<Waiting>> later = new ArrayList<>();
    for (int i = 0; i < groups.size(); i++) {
      List<Waiting> group = groups.get(i);
      ConversationState state = known.get(i).state();
      Throwable failure = known.get(i).failure();
      if (state == null && failure instanceof LogException) {
        LOG.debug("shard {}: {} cannot be read now", shard, group.getFirst().conversationId(), failure);
        notBefore = around.clock().instant().plus(PAUSE);
        later.add(group);
      } else if (jobs.size() > MOST_JOBS) {
        later.add(group);
      } else {
        try {
          if (state == null) {
            throw new IllegalStateException("the conversation cannot be read", failure);
          }
          tell(group, state, known.get(i).sender(), question[i], has);
        } catch (RuntimeException e) {
          LOG.error("shard {}: nobody is told of {}", shard, group.getFirst().conversationId(), e);
        }
        group.forEach(one -> progress.less(one.position()));
      }
    }
    later.reversed().forEach(group -> group.reversed().forEach(waiting::addFirst));
  }

  /** Tells the members of one conversation of these messages of it. */
  private void tell(
      List<Waiting> group, ConversationState state, String sender, int question, Map<Routers.Asked, Long> has) {
    boolean direct = state.kind() == ConversationKind.CONVERSATION_KIND_DIRECT;
    Instant now = around.clock().instant();
    List<Waiting> fresh =
        group.stream()
            .filter(one -> one.time().plus(around.times().stale()).isAfter(now))
            .filter(one -> !state.isDeleted(one.seq()))
            .toList();
    if (fresh.isEmpty()) {
      return;
    }
    Heading heading = new Heading(direct ? "" : state.title(), direct, sender);
    for (Membership member : state.members()) {
      PushUser user = around.users().of(member.userId());
      if (user.getDevicesCount() > 0) {
        tell(member, user, fresh, heading, question, has);
      }
    }
  }

  /** What is said of a conversation beside the message. */
  private record Heading(String title, boolean direct, String sender) {
    Push.Alert alert(String preview, boolean hidden) {
      return hidden ? PushJobs.NAMELESS : new Push.Alert(title.isEmpty() ? sender : sender + " in " + title, preview);
    }
  }

  private void tell(
      Membership member,
      PushUser user,
      List<Waiting> messages,
      Heading heading,
      int question,
      Map<Routers.Asked, Long> has) {
    String userId = member.userId();
    String conversationId = messages.getFirst().conversationId();
    long read = around.marks().of(userId, conversationId);
    Instant now = around.clock().instant();
    List<Waiting> wanted =
        messages.stream()
            .filter(one -> one.seq() > read && member.canRead(one.seq()))
            .filter(one -> !one.senderId().equals(userId) && !around.blocked().hasBlocked(userId, one.senderId()))
            .filter(
                one ->
                    PushRules.wants(
                        user, conversationId, heading.direct(), one.mentions(userId), one.time(), now))
            .toList();
    Told told = around.history().told(userId, conversationId);
    for (PushDevice device : user.getDevicesList()) {
      long acknowledged = has.getOrDefault(new Routers.Asked(question, userId, device.getDeviceId()), 0L);
      long before = Math.max(acknowledged, told == null ? 0 : told.device(device.getDeviceId()).seq());
      List<Waiting> news = wanted.stream().filter(one -> one.seq() > before).toList();
      if (!news.isEmpty()) {
        Waiting newest = news.getLast();
        int unread = around.badges().begin(userId, conversationId, news);
        jobs.add(
            userId,
            device,
            conversationId,
            new PushJob.Content(
                newest.seq(),
                newest.position(),
                unread,
                heading.alert(newest.preview(), user.getPreferences().getHiddenContent()),
                newest.time().plus(around.times().grace()),
                newest.trace()));
      }
    }
  }

  // ------------------------------------------------------------------ the rest

  /** A user has read. */
  void read(String userId, String conversationId, long seq) {
    jobs.read(userId, conversationId, seq);
  }

  /** What was told of before this dispatcher had the shard, and was read meanwhile, is withdrawn. */
  void catchUp() {
    for (History.Pair pair : around.history().toldIn(shard)) {
      jobs.read(pair.userId(), pair.conversationId(), around.marks().of(pair.userId(), pair.conversationId()));
    }
    jobs.redrive(shard);
  }

  /** There are dead letters to be tried again. */
  void redrive() {
    jobs.redrive(shard);
  }

  /** The dispatchers' log has moved: what waits for that is written now. */
  void historyMoved() {
    outcomes.historyMoved();
  }

  /** Writes what is to be written, then stops. Completed when it is written, or cannot be. */
  CompletableFuture<Void> finish() {
    closed = true;
    jobs.close();
    return outcomes.finish();
  }

  /** Stops at once: another dispatcher has the shard. */
  void close() {
    closed = true;
    jobs.close();
    outcomes.close();
  }
}
