package dev.parley.dispatcher.webhook;

import dev.parley.conversation.Records;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.Broker;
import dev.parley.dispatcher.http.Posts;
import dev.parley.dispatcher.lag.LagGauges;
import dev.parley.dispatcher.webhook.Pending.Delivery;
import dev.parley.internal.v1.LogRecord;
import dev.parley.internal.v1.StoredWebhook;
import dev.parley.v1.WebhookFailure;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers to all endpoints what happens in the shards that this dispatcher owns. Requests under way are bounded, over
 * all and for each endpoint; the endpoints take turns, so one that is slow or far behind takes nobody's place.
 *
 * <p>Belongs to the loop, on which every method is called; it has no thread and no timer.
 */
final class WebhookEngine implements Endpoint.Owner {
  /** How often {@link #tick} is called. */
  static final Duration TICK = Duration.ofMillis(100);

  private static final Logger LOG = LoggerFactory.getLogger(WebhookEngine.class);
  private static final Duration TELL_AGAIN = Duration.ofSeconds(5);

  private final Broker broker;
  private final WebhookTable table;
  private final WebhookSettings settings;
  private final Posts posts;
  private final InstantSource clock;
  private final Executor loop;
  private final RetrySchedule schedule;
  private final WebhookMetrics metrics;
  private final WebhookLag lag;

  private final Map<String, Endpoint> endpoints = new HashMap<>();
  private final Set<Integer> shards = new TreeSet<>();
  private final Map<Integer, ShardTail> tails = new HashMap<>();
  /** Endpoints that may have something to deliver, whose turn it is first. */
  private final LinkedHashSet<Endpoint> ready = new LinkedHashSet<>();

  private final Map<String, WebhookFailure> untold = new HashMap<>();
  private Instant tellAt = Instant.MIN;
  private int underWay;
  private boolean pumping;
  private boolean pumpingSoon;
  private boolean ended;

  WebhookEngine(
      Broker broker,
      WebhookTable table,
      WebhookSettings settings,
      Posts posts,
      InstantSource clock,
      Executor loop,
      RetrySchedule schedule,
      WebhookMetrics metrics) {
    this.broker = broker;
    this.table = table;
    this.settings = settings;
    this.posts = posts;
    this.clock = clock;
    this.loop = loop;
    this.schedule = schedule;
    this.metrics = metrics;
    this.lag = new WebhookLag(this::tail, this::readers, metrics, loop);
  }

  private ShardTail tail(int shard) {
    return tails.computeIfAbsent(shard, k -> new ShardTail(broker.shard(k), fresh()));
  }

  /** How old an answer of the broker may be for readers, who ask so seldom, and for the lag. */
  private Duration fresh() {
    Duration half = settings.tailEvery().dividedBy(2);
    return half.compareTo(LagGauges.EVERY) < 0 ? half : LagGauges.EVERY;
  }

  private List<WebhookReader> readers(int shard) {
    return endpoints.values().stream().map(endpoint -> endpoint.reader(shard)).filter(Objects::nonNull).toList();
  }

  /** An endpoint is there, or was changed. */
  void changed(StoredWebhook stored) {
    if (ended) {
      return;
    }
    String id = stored.getWebhook().getWebhookId();
    untold.remove(id);
    Endpoint endpoint = endpoints.computeIfAbsent(id, unknown -> new Endpoint(settings, schedule, this));
    endpoint.changed(stored, shards);
    endpoint.tick(clock.instant());
    if (stored.getDeleted()) {
      endpoints.remove(id);
    }
  }

  void own(int shard) {
    if (!ended && shards.add(shard)) {
      endpoints.values().forEach(endpoint -> endpoint.own(shard));
      tick();
    }
  }

  CompletableFuture<Void> disown(int shard) {
    shards.remove(shard);
    return all(endpoints.values().stream().map(endpoint -> endpoint.disown(shard)).toList());
  }

  void wake(int shard, long position) {
    Instant now = clock.instant();
    endpoints.values().forEach(endpoint -> endpoint.wake(shard, position, now));
  }

  /** Does what is due. */
  void tick() {
    if (ended) {
      return;
    }
    Instant now = clock.instant();
    endpoints.values().forEach(endpoint -> endpoint.tick(now));
    if (!untold.isEmpty() && !now.isBefore(tellAt)) {
      Map.copyOf(untold).forEach(this::tellFailed);
    }
    lag.tick(now, shards);
  }

  /** Ends all readers; the cursors are stored a last time. */
  CompletableFuture<Void> end() {
    ended = true;
    ready.clear();
    return all(endpoints.values().stream().map(endpoint -> endpoint.stop(true)).toList());
  }

  private static CompletableFuture<Void> all(List<CompletableFuture<Void>> ends) {
    return CompletableFuture.allOf(new ArrayList<>(ends).toArray(CompletableFuture[]::new));
  }

  // ------------------------------------------------------------------ requests

  @Override
  public void ready(Endpoint endpoint) {
    if (ready.add(endpoint) && !pumpingSoon && !pumping) {
      pumpingSoon = true;
      loop.execute(() -> {
        pumpingSoon = false;
        pump();
      });
    }
  }

  @Override
  public WebhookReader reader(Endpoint endpoint, StoredWebhook webhook, int shard) {
    ShardCursor cursor =
        new ShardCursor(broker.table(TableName.WEBHOOK_CURSORS), webhook.getWebhook().getWebhookId(), shard, loop);
    return new WebhookReader(shard, broker.shard(shard), tail(shard), webhook, cursor, settings, loop, endpoint);
  }

  /** Sends as much as may be under way, one event for each endpoint in turn. */
  private void pump() {
    if (pumping) {
      return;
    }
    pumping = true;
    Instant now = clock.instant();
    while (!ended && underWay < settings.requests() && !ready.isEmpty()) {
      Endpoint endpoint = ready.removeFirst();
      Delivery delivery = endpoint.next(now);
      if (delivery != null) {
        ready.addLast(endpoint);
        underWay++;
        delivery.reader().load(delivery, now, (loaded, record) -> send(endpoint, loaded, record));
      }
    }
    pumping = false;
  }

  private void send(Endpoint endpoint, Delivery delivery, @Nullable LogRecord record) {
    if (record == null || ended) {
      underWay--;
      endpoint.unsent();
      pump();
      return;
    }
    post(endpoint.stored(), delivery, record)
        .whenCompleteAsync(
            (verdict, failure) -> {
              underWay--;
              attempted(endpoint, delivery, verdict, failure);
              pump();
            },
            loop);
  }

  private CompletableFuture<Verdict> post(StoredWebhook webhook, Delivery delivery, LogRecord record) {
    try {
      Instant now = clock.instant();
      return posts
          .post(
              EventRequests.of(
                  webhook, record.getConversationId(), Records.event(record, delivery.entry().next), now))
          .thenApply(outcome -> Verdict.of(outcome, clock.instant()));
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private void attempted(
      Endpoint endpoint, Delivery delivery, @Nullable Verdict verdict, @Nullable Throwable failure) {
    if (verdict == null) {
      LOG.error("webhook {}: position {} cannot be sent", endpoint.id(), delivery.entry().position, failure);
    }
    Verdict outcome =
        verdict == null ? new Verdict(Verdict.Kind.NOT_SENT, "an event cannot be sent: see the log", null) : verdict;
    metrics.attempted(outcome.kind());
    WebhookFailure givenUp = endpoint.attempted(delivery, outcome, clock.instant());
    if (givenUp != null && endpoint.isEnabled() && untold.put(endpoint.id(), givenUp) == null) {
      LOG.warn("webhook {}: given up after {} attempts: {}", endpoint.id(), givenUp.getAttempts(), givenUp.getReason());
      metrics.gaveUp();
      tellFailed(endpoint.id(), givenUp);
    }
  }

  /** Everybody is to know that it is given up. Until then nothing is sent to it from here. */
  private void tellFailed(String id, WebhookFailure failure) {
    tellAt = clock.instant().plus(TELL_AGAIN);
    Endpoint endpoint = endpoints.get(id);
    if (endpoint == null) {
      untold.remove(id);
      return;
    }
    table
        .fail(id, endpoint.stored().getEpoch(), failure)
        .whenCompleteAsync(
            (told, broken) -> {
              if (broken == null) {
                untold.remove(id);
              }
            },
            loop);
  }
}
