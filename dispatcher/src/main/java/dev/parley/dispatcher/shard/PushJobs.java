package dev.parley.dispatcher.shard;

import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.push.PushProvider;
import dev.parley.dispatcher.push.PushProvider.Answer;
import dev.parley.dispatcher.shard.Sender.Outcome;
import dev.parley.dispatcher.user.PushRules;
import dev.parley.internal.v1.PushOutcome;
import dev.parley.internal.v1.PushResult;
import dev.parley.internal.v1.PushUser;
import dev.parley.v1.PushDevice;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The pushes of one shard that are under way or are to be tried again. Belongs to the dispatcher's thread. */
final class PushJobs {
  private static final Logger LOG = LoggerFactory.getLogger(PushJobs.class);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final int MOST_DOUBLINGS = 4;
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(10);
  private static final int MAX_REASON = 200;
  private static final int WITHDRAWAL_TRIES = 5;

  /** Says that there is something, and nothing else. */
  static final Push.Alert NAMELESS = new Push.Alert("Parley", "New message");

  private final Surroundings around;
  private final Progress progress;
  private final Outcomes outcomes;
  private final Map<Key, PushJob> open = new HashMap<>();
  private final PriorityQueue<Again> again = new PriorityQueue<>(Comparator.comparing(Again::time));
  /** Dead letters that were begun again; what became of them may not be written yet. */
  private final Set<String> begunAgain = new HashSet<>();
  /** Up to where phones were told to take away, which may not be written yet. */
  private final Map<History.Pair, Long> withdrawn = new HashMap<>();
  private boolean closed;

  private record Key(String userId, String deviceId, String conversationId) {}

  private record Again(Instant time, PushJob job) {}

  PushJobs(Surroundings around, Progress progress, Outcomes outcomes) {
    this.around = around;
    this.progress = progress;
    this.outcomes = outcomes;
  }

  int size() {
    return open.size();
  }

  void close() {
    closed = true;
    open.values().forEach(job -> around.badges().end(job.userId, job.conversationId, job.content().seq()));
    open.clear();
    again.clear();
  }

  // ------------------------------------------------------------------ they begin

  /** A device is to be told; something older that still waits is not told any more. */
  void add(String userId, PushDevice device, String conversationId, PushJob.Content content) {
    progress.more(content.position());
    Key key = new Key(userId, device.getDeviceId(), conversationId);
    PushJob there = open.get(key);
    if (there != null) {
      there.replace(device, content);
      there.holds(content.position());
      return;
    }
    PushJob job = new PushJob(userId, device, conversationId, content, around.clock().instant());
    job.holds(content.position());
    open.put(key, job);
    send(job);
  }

  /** Dead letters of a shard that somebody, or a provider that is back, wants to be tried again. */
  void redrive(int shard) {
    Map<String, PushOutcome> wanted = around.history().redriven();
    if (wanted.isEmpty() && begunAgain.isEmpty()) {
      return;
    }
    begunAgain.retainAll(wanted.keySet());
    Map<Key, List<PushOutcome>> byKey = new LinkedHashMap<>();
    wanted.forEach(
        (id, outcome) -> {
          if (outcomes.isOf(shard, outcome.getConversationId()) && begunAgain.add(id)) {
            byKey
                .computeIfAbsent(
                    new Key(outcome.getUserId(), outcome.getDeviceId(), outcome.getConversationId()),
                    key -> new ArrayList<>(1))
                .add(outcome);
          }
        });
    byKey.forEach(this::redrive);
  }

  /** The newest is told, for all of them: with what comes meanwhile, if there is something. */
  private void redrive(Key key, List<PushOutcome> dead) {
    PushJob there = open.get(key);
    if (there != null) {
      there.redriven().addAll(dead);
      return;
    }
    PushOutcome newest = dead.stream().max(Comparator.comparingLong(PushOutcome::getSeq)).orElseThrow();
    PushUser user = around.users().of(key.userId());
    PushDevice device =
        user.getDevicesList().stream().filter(one -> one.getDeviceId().equals(key.deviceId())).findAny().orElse(null);
    Instant now = around.clock().instant();
    boolean stale = around.history().deadSince(newest).plus(around.times().stale()).isBefore(now);
    if (device == null || stale || !PushRules.wants(user, key.conversationId(), true, true, now, now)) {
      dead.forEach(this::notNeeded);
      return;
    }
    PushJob.Content content =
        new PushJob.Content(newest.getSeq(), newest.getPosition(), newest.getMessages(), NAMELESS, now, "");
    PushJob job = new PushJob(key.userId(), device, key.conversationId(), content, now);
    job.redriven().addAll(dead);
    open.put(key, job);
    send(job);
  }

  private void notNeeded(PushOutcome dead) {
    outcomes.add(dead.toBuilder().setResult(PushResult.PUSH_RESULT_NOT_NEEDED).build());
  }

  /** A message was edited, or deleted; {@code preview} is what is shown of it now. Walks through all that wait. */
  void changed(String conversationId, long seq, String preview) {
    for (PushJob job : open.values()) {
      if (job.content().seq() == seq && job.conversationId.equals(conversationId)) {
        Push.Alert before = job.content().alert();
        boolean showsText = !preview.isEmpty() && !before.equals(NAMELESS);
        job.say(showsText ? new Push.Alert(before.title(), preview) : NAMELESS);
      }
    }
  }

  private void send(PushJob job) {
    PushProvider provider = around.providers().apply(job.device().getTarget());
    if (provider == null) {
      job.begin();
      end(job, job.content(), PushResult.PUSH_RESULT_DEAD, "this push service is not configured", false);
      return;
    }
    PushJob.Content[] sent = new PushJob.Content[1];
    around
        .sender()
        .send(
            provider,
            () -> {
              if (closed || isOver(job)) {
                return null;
              }
              job.begin();
              sent[0] = job.content();
              return push(job, sent[0]);
            },
            outcome -> {
              if (!closed) {
                answered(job, sent[0], provider, outcome);
              }
            });
  }

  private Push push(PushJob job, PushJob.Content content) {
    return new Push(
        id(job, content.seq()),
        job.device().getTarget(),
        job.conversationId,
        content.seq(),
        around.badges().of(job.userId),
        around.times().timeToLive(),
        content.alert());
  }

  private static String id(PushJob job, long seq) {
    return PushIds.of(job.conversationId, job.userId, job.device().getDeviceId(), seq);
  }

  /** Nobody needs it any more: then it ends. */
  private boolean isOver(PushJob job) {
    PushJob.Content content = job.content();
    boolean read = around.marks().of(job.userId, job.conversationId) >= content.seq();
    if (read) {
      end(job, content, PushResult.PUSH_RESULT_NOT_NEEDED, "", false);
    }
    return read;
  }

  // ------------------------------------------------------------------ they end

  private void answered(PushJob job, PushJob.Content sent, PushProvider provider, Outcome outcome) {
    switch (outcome.answer()) {
      case Answer.Accepted accepted -> {
        around.metrics().pushed(provider(job), sent.due(), around.clock().instant(), sent.trace());
        end(job, sent, PushResult.PUSH_RESULT_ACCEPTED, "", false);
      }
      case Answer.DeviceGone gone -> {
        remove(job);
        end(job, sent, PushResult.PUSH_RESULT_GONE, gone.reason(), false);
      }
      case Answer.Rejected rejected -> end(job, sent, PushResult.PUSH_RESULT_DEAD, rejected.reason(), false);
      case Answer.TryAgain later -> {
        job.ended();
        again(job, sent, later.after(), later.reason());
      }
      case null -> {
        Throwable failure = outcome.failure();
        String reason = failure == null || failure.getMessage() == null ? "no answer" : failure.getMessage();
        if (outcome.wasRefused()) {
          job.notTried();
        } else {
          job.ended();
        }
        LOG.debug("a push by {} was not answered", provider.name(), failure);
        again(job, sent, pause(job.attempts()), reason);
      }
    }
  }

  private Duration pause(int attempts) {
    long most = FIRST_PAUSE.toMillis() << Math.min(Math.max(attempts - 1, 0), MOST_DOUBLINGS);
    return Duration.ofMillis(most / 2 + around.random().nextLong(most / 2 + 1));
  }

  private void again(PushJob job, PushJob.Content sent, Duration after, String reason) {
    Instant now = around.clock().instant();
    if (now.isAfter(job.begun.plus(around.times().patience())) || after.compareTo(LONGEST_WAIT) > 0) {
      end(job, sent, PushResult.PUSH_RESULT_DEAD, reason, true);
    } else {
      again.add(new Again(now.plus(after), job));
    }
  }

  /** Tries again what is due. */
  void tick() {
    Instant now = around.clock().instant();
    while (!again.isEmpty() && !now.isBefore(again.peek().time())) {
      send(again.poll().job());
    }
  }

  private void remove(PushJob job) {
    around
        .users()
        .gone(job.userId, job.device().getDeviceId(), job.device().getTarget())
        .exceptionally(
            failure -> {
              LOG.warn("a device that is gone could not be removed; the next push will tell again", failure);
              return null;
            });
  }

  private void end(PushJob job, PushJob.Content sent, PushResult result, String reason, boolean unavailable) {
    job.ended();
    String provider = provider(job);
    around.metrics().count(provider, result);
    PushOutcome outcome =
        PushOutcome.newBuilder()
            .setUserId(job.userId)
            .setDeviceId(job.device().getDeviceId())
            .setConversationId(job.conversationId)
            .setSeq(sent.seq())
            .setPosition(sent.position())
            .setMessages(sent.messages())
            .setResult(result)
            .setProvider(provider)
            .setReason(reason.length() > MAX_REASON ? reason.substring(0, MAX_REASON) : reason)
            .setAttempts(job.attempts())
            .setUnavailable(unavailable)
            .build();
    if (result != PushResult.PUSH_RESULT_NOT_NEEDED) {
      outcomes.add(outcome);
    }
    job.redriven().stream()
        .filter(dead -> dead.getSeq() != sent.seq() || result == PushResult.PUSH_RESULT_NOT_NEEDED)
        .forEach(this::notNeeded);
    around.badges().end(job.userId, job.conversationId, sent.seq());
    outcomes.done(job.positionsUpTo(sent.position()));
    open.remove(new Key(job.userId, job.device().getDeviceId(), job.conversationId), job);
    PushJob.Content newest = job.content();
    if (newest.seq() > sent.seq() && result != PushResult.PUSH_RESULT_GONE) {
      add(job.userId, job.device(), job.conversationId, newest);
    }
    outcomes.done(job.positionsAfter(sent.position()));
    if (result == PushResult.PUSH_RESULT_ACCEPTED) {
      // It may have been read while it was under way.
      read(job.userId, job.conversationId, around.marks().of(job.userId, job.conversationId));
    }
  }

  private static String provider(PushJob job) {
    return switch (job.device().getTarget().getTargetCase()) {
      case FCM -> "fcm";
      case APNS -> "apns";
      case WEB_PUSH -> "web_push";
      case TARGET_NOT_SET -> "none";
    };
  }

  // ------------------------------------------------------------------ they are taken back

  /** A user has read up to here: what phones show of it is withdrawn. */
  void read(String userId, String conversationId, long seq) {
    Told told = around.history().told(userId, conversationId);
    History.Pair pair = new History.Pair(userId, conversationId);
    if (told == null || told.seq() > seq || told.seq() <= withdrawn.getOrDefault(pair, 0L)) {
      return;
    }
    withdrawn.put(pair, told.seq());
    List<PushDevice> showing =
        around.users().of(userId).getDevicesList().stream()
            .filter(device -> told.device(device.getDeviceId()).shown())
            .toList();
    int badge = Math.max(0, around.history().unread(userId) - told.messages());
    int[] left = {showing.size()};
    Runnable done =
        () -> {
          if (--left[0] <= 0) {
            outcomes.withdrawn(userId, conversationId, told.seq());
          }
        };
    if (showing.isEmpty()) {
      done.run();
    }
    for (PushDevice device : showing) {
      Push push =
          new Push(
              PushIds.of(conversationId, userId, device.getDeviceId(), -told.seq()),
              device.getTarget(),
              conversationId,
              told.seq(),
              badge,
              around.times().timeToLive(),
              null);
      withdraw(push, 1, done);
    }
  }

  /** {@code done}: it is, or was tried often enough. */
  private void withdraw(Push push, int time, Runnable done) {
    @Nullable PushProvider provider = around.providers().apply(push.target());
    if (provider == null) {
      done.run();
      return;
    }
    around
        .sender()
        .send(
            provider,
            () -> closed ? null : push,
            outcome -> {
              boolean silent = outcome.answer() == null || outcome.answer() instanceof Answer.TryAgain;
              if (silent && time < WITHDRAWAL_TRIES && !closed) {
                around.after(pause(time), () -> withdraw(push, time + 1, done));
                return;
              }
              if (outcome.answer() instanceof Answer.Accepted) {
                around.metrics().withdrawn(provider.name());
              } else {
                LOG.info("a push could not be withdrawn by {}: {}", provider.name(), outcome);
              }
              done.run();
            });
  }

  /** What was written is known of by the history. */
  void forgetWithdrawn() {
    withdrawn.keySet().removeIf(pair -> around.history().told(pair.userId(), pair.conversationId()) == null);
  }
}
