package dev.parley.dispatcher.shard;

import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.push.PushProvider;
import dev.parley.dispatcher.push.PushProvider.Answer;
import dev.parley.dispatcher.shard.Sender.Outcome;
import dev.parley.internal.v1.PushOutcome;
import dev.parley.internal.v1.PushResult;
import dev.parley.v1.PushDevice;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
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
  private static final int MAX_REASON = 200;

  private final Surroundings around;
  private final Progress progress;
  private final Outcomes outcomes;
  private final Map<Key, PushJob> open = new HashMap<>();
  private final PriorityQueue<Again> again = new PriorityQueue<>(Comparator.comparing(Again::time));
  /** Dead letters that were begun again; what became of them may not be written yet. */
  private final Set<String> redriven = new HashSet<>();
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
      around.badges().begin(userId, conversationId, content.seq(), there.content().messages());
      return;
    }
    PushJob job = new PushJob(userId, device, conversationId, content, around.clock().instant(), false);
    open.put(key, job);
    around.badges().begin(userId, conversationId, content.seq(), content.messages());
    send(job);
  }

  /** Dead letters of a shard that somebody, or a provider that is back, wants to be tried again. */
  void redrive(int shard) {
    Map<String, PushOutcome> wanted = around.history().redriven();
    redriven.retainAll(wanted.keySet());
    wanted.forEach(
        (id, outcome) -> {
          if (outcomes.isOf(shard, outcome.getConversationId()) && redriven.add(id)) {
            redrive(outcome);
          }
        });
  }

  private void redrive(PushOutcome outcome) {
    Key key = new Key(outcome.getUserId(), outcome.getDeviceId(), outcome.getConversationId());
    PushDevice device =
        around.users().of(outcome.getUserId()).getDevicesList().stream()
            .filter(one -> one.getDeviceId().equals(outcome.getDeviceId()))
            .findAny()
            .orElse(null);
    if (open.containsKey(key)) {
      return;
    }
    if (device == null) {
      outcomes.add(outcome.toBuilder().setResult(PushResult.PUSH_RESULT_NOT_NEEDED).build());
      return;
    }
    PushJob.Content content =
        new PushJob.Content(
            outcome.getSeq(), outcome.getPosition(), outcome.getMessages(), new Push.Alert("Parley", "New message"));
    PushJob job =
        new PushJob(outcome.getUserId(), device, outcome.getConversationId(), content, around.clock().instant(), true);
    open.put(key, job);
    send(job);
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
              return around.push(job, id(job, sent[0].seq()));
            },
            outcome -> {
              if (!closed) {
                answered(job, sent[0], provider, outcome);
              }
            });
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
      case Answer.Accepted accepted -> end(job, sent, PushResult.PUSH_RESULT_ACCEPTED, "", false);
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
    Instant time = around.clock().instant().plus(after);
    if (time.isAfter(job.begun.plus(around.times().patience()))) {
      end(job, sent, PushResult.PUSH_RESULT_DEAD, reason, true);
    } else {
      again.add(new Again(time, job));
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
    around.badges().end(job.userId, job.conversationId, sent.seq());
    if (result != PushResult.PUSH_RESULT_NOT_NEEDED || job.redriven) {
      outcomes.add(outcome);
    }
    Key key = new Key(job.userId, job.device().getDeviceId(), job.conversationId);
    PushJob.Content newest = job.content();
    outcomes.done(job.positionsUpTo(sent.position()));
    open.remove(key, job);
    if (newest.seq() > sent.seq() && result != PushResult.PUSH_RESULT_GONE) {
      int messages = newest.messages() - sent.messages();
      add(
          job.userId,
          job.device(),
          job.conversationId,
          new PushJob.Content(newest.seq(), newest.position(), messages, newest.alert()));
    }
    outcomes.done(job.positionsAfter(sent.position()));
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
    withdrawn.keySet().removeIf(other -> around.history().told(other.userId(), other.conversationId()) == null);
    withdrawn.put(pair, told.seq());
    for (PushDevice device : around.users().of(userId).getDevicesList()) {
      if (told.device(device.getDeviceId()).shown()) {
        withdraw(userId, device, conversationId, told);
      }
    }
    outcomes.withdrawn(userId, conversationId, seq);
  }

  private void withdraw(String userId, PushDevice device, String conversationId, Told told) {
    @Nullable PushProvider provider = around.providers().apply(device.getTarget());
    if (provider == null) {
      return;
    }
    Push push =
        new Push(
            PushIds.of(conversationId, userId, device.getDeviceId(), -told.seq()),
            device.getTarget(),
            conversationId,
            told.seq(),
            Math.max(0, around.history().unread(userId) - told.messages()),
            around.times().timeToLive(),
            null);
    around.metrics().withdrawn(provider.name());
    around
        .sender()
        .send(
            provider,
            () -> closed ? null : push,
            outcome -> {
              if (!(outcome.answer() instanceof Answer.Accepted)) {
                LOG.info("a push could not be withdrawn by {}: {}", provider.name(), outcome);
              }
            });
  }
}
