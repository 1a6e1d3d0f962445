package dev.parley.dispatcher.webhook;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.conversation.log.ShardLog.Tail;
import dev.parley.dispatcher.webhook.Pending.Conversation;
import dev.parley.dispatcher.webhook.Pending.Delivery;
import dev.parley.dispatcher.webhook.Pending.Entry;
import dev.parley.internal.v1.LogRecord;
import dev.parley.internal.v1.StoredWebhook;
import dev.parley.internal.v1.WebhookCursor;
import dev.parley.v1.WebhookFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads one shard for one endpoint, forward from the endpoint's cursor, and gives out what is to be delivered: of each
 * conversation one event at a time, in order. The cursor follows: every record up to it is dealt with.
 *
 * <pre>
 *   LOADING --cursor found and claimed--> RUNNING --stop--> ENDED
 *      ^                                     |
 *      +------- after a pause ----- LOST <---+ somebody else has stored the cursor
 * </pre>
 *
 * <p>Belongs to the loop. Does nothing by itself: {@link #tick} is called every {@link WebhookEngine#TICK}.
 */
final class WebhookReader {
  /** No position: below all that there are. */
  static final long UNKNOWN = -1;

  private static final Logger LOG = LoggerFactory.getLogger(WebhookReader.class);
  private static final int READ_BATCH = 64;
  private static final Duration AGAIN = Duration.ofSeconds(1);
  /** How long a reader that lost its cursor waits before it claims it, if it is still told to own the shard. */
  private static final Duration RECLAIM = Duration.ofSeconds(10);
  /**
   * How often, and after which pauses, a position is asked for that seems to hold nothing: some 1.6 s, longer than a
   * replica that lives lags.
   */
  private static final int MISSING_READS = 8;

  private static final Duration MISSING_PAUSE = Duration.ofMillis(200);
  /** A failure that was to be tried again longer ago than this is no matter of now: nobody tried. */
  private static final Duration FAILURE_LIVES = RetrySchedule.LONGEST.multipliedBy(2);

  private final int shard;
  private final ShardLog log;
  private final ShardTail shardTail;
  private final StoredWebhook webhook;
  private final Set<String> wanted;
  private final ShardCursor stored;
  private final WebhookSettings settings;
  private final Executor loop;
  private final Listener listener;

  private Phase phase = Phase.LOADING;
  private boolean busy;
  private Instant actAt = Instant.MIN;

  private final TreeMap<Long, Entry> window = new TreeMap<>();
  private final Map<String, Conversation> conversations = new HashMap<>();
  private final ArrayDeque<Conversation> ready = new ArrayDeque<>();
  private final ArrayDeque<Conversation> waiting = new ArrayDeque<>();
  private int underWay;
  private long bytes;

  private long readTo;
  private @Nullable Instant readTime;
  private long tail;
  private boolean tailAsked;
  private Instant tailAt = Instant.MIN;
  private boolean reading;
  private Instant readAt = Instant.MIN;
  private boolean readFailed;
  private long missingAt;
  private long missingTo;
  private int missingReads;

  private boolean changed;
  private boolean storing;
  private Instant storeAt = Instant.MIN;
  /** Since when the oldest event failed with whoever had the cursor before; null: it did not. */
  private @Nullable Instant inherited;

  /** What becomes of a reader. */
  private enum Phase {
    LOADING,
    RUNNING,
    LOST,
    ENDED
  }

  /** Whom a reader tells. */
  interface Listener {
    /** There may be something to deliver. */
    void ready();

    /** Whether the endpoint fails: nothing is kept in memory then but what is to be tried. */
    boolean isFailing();

    /** How the endpoint fails, when the oldest event has since then; null: it does not. */
    @Nullable WebhookFailure failure(@Nullable Instant oldest);
  }

  WebhookReader(
      int shard,
      ShardLog log,
      ShardTail shardTail,
      StoredWebhook webhook,
      ShardCursor stored,
      WebhookSettings settings,
      Executor loop,
      Listener listener) {
    this.shard = shard;
    this.log = log;
    this.shardTail = shardTail;
    this.webhook = webhook;
    this.wanted = new HashSet<>(webhook.getWebhook().getConversationIdsList());
    this.stored = stored;
    this.settings = settings;
    this.loop = loop;
    this.listener = listener;
  }

  // ------------------------------------------------------------------ the course of time

  /** Does what is due. */
  void tick(Instant now) {
    switch (phase) {
      case LOADING, LOST -> {
        if (!busy && !now.isBefore(actAt)) {
          load(now);
        }
      }
      case RUNNING -> {
        release(now);
        if (!now.isBefore(tailAt)) {
          askTail(now);
        }
        read(now);
        store(now);
      }
      case ENDED -> {}
    }
  }

  /** The shard has grown up to there. */
  void wake(long position, Instant now) {
    if (position > tail && phase == Phase.RUNNING) {
      tail = position;
      read(now);
    }
  }

  // ------------------------------------------------------------------ the cursor

  private void load(Instant now) {
    phase = Phase.LOADING;
    busy = true;
    actAt = now.plus(AGAIN);
    stored
        .load()
        .thenCompose(cursor -> cursor.getEpoch() == webhook.getEpoch() ? CompletableFuture.completedFuture(cursor) : begin())
        .thenComposeAsync(cursor -> stored.store(cursor).thenApply(ours -> ours ? cursor : null), loop)
        .whenCompleteAsync(
            (cursor, failure) -> {
              busy = false;
              if (phase != Phase.LOADING) {
                return;
              }
              if (failure != null) {
                LOG.warn("webhook {}, shard {}: its cursor cannot be had: {}", id(), shard, failure.getMessage());
              } else if (cursor != null) {
                run(cursor, now);
              }
            },
            loop);
  }

  private CompletableFuture<WebhookCursor> begin() {
    return new PositionFinder(log, Timestamps.toInstant(webhook.getBeginAfter()))
        .find()
        .thenApply(
            position ->
                WebhookCursor.newBuilder()
                    .setEpoch(webhook.getEpoch())
                    .setPosition(position)
                    .setTime(webhook.getBeginAfter())
                    .build());
  }

  private void run(WebhookCursor cursor, Instant now) {
    phase = Phase.RUNNING;
    readTo = cursor.getPosition();
    readTime = Timestamps.toInstant(cursor.getTime());
    WebhookFailure failure = cursor.getFailure();
    boolean live =
        failure.hasNextAttemptTime()
            && Timestamps.toInstant(failure.getNextAttemptTime()).plus(FAILURE_LIVES).isAfter(now);
    inherited = live ? Timestamps.toInstant(failure.getSince()) : null;
    changed = cursor.hasFailure();
    askTail(now);
  }

  private WebhookCursor cursor(boolean goesOn) {
    WebhookCursor.Builder cursor = WebhookCursor.newBuilder().setEpoch(webhook.getEpoch()).setPosition(position());
    Instant time = window.isEmpty() ? readTime : window.firstEntry().getValue().before;
    if (time != null) {
      cursor.setTime(Timestamps.of(time));
    }
    WebhookFailure failure = listener.failure(oldestFailure());
    if (failure != null) {
      cursor.setFailure(goesOn ? failure : failure.toBuilder().clearNextAttemptTime().build());
    }
    return cursor.build();
  }

  /** Every record up to this one is dealt with. */
  long position() {
    return window.isEmpty() ? readTo : window.firstKey() - 1;
  }

  /** The same; {@link #UNKNOWN}: it has no cursor now. */
  long dealtWith() {
    return phase == Phase.RUNNING ? position() : UNKNOWN;
  }

  /** What the cursor says has changed: how the endpoint fails. */
  void failureChanged() {
    changed = true;
  }

  private void store(Instant now) {
    if (storing || !changed || now.isBefore(storeAt)) {
      return;
    }
    changed = false;
    storing = true;
    storeAt = now.plus(settings.storeEvery());
    stored
        .store(cursor(true))
        .whenComplete(
            (ours, failure) -> {
              storing = false;
              if (failure != null) {
                changed = true; // by the next time the broker may answer again
              } else if (!ours && phase == Phase.RUNNING) {
                LOG.warn("webhook {}, shard {}: another dispatcher has it", id(), shard);
                forget();
                phase = Phase.LOST;
                actAt = now.plus(RECLAIM);
              }
            });
  }

  /**
   * Ends it: what is under way counts no more. The cursor is stored a last time.
   *
   * @param goesOn whether somebody else goes on with it; if not, a failure of now does not count when it is enabled again
   * @return when that is done, whether it could be or not
   */
  CompletableFuture<Void> stop(boolean goesOn) {
    boolean last = phase == Phase.RUNNING && !storing && (changed || listener.isFailing());
    WebhookCursor cursor = last ? cursor(goesOn) : WebhookCursor.getDefaultInstance();
    phase = Phase.ENDED;
    forget();
    return last
        ? stored.store(cursor).handle((ours, failure) -> null)
        : CompletableFuture.completedFuture(null);
  }

  private void forget() {
    window.clear();
    conversations.clear();
    ready.clear();
    waiting.clear();
    underWay = 0;
    bytes = 0;
    reading = false;
  }

  // ------------------------------------------------------------------ reading

  private void askTail(Instant now) {
    tailAt = now.plus(settings.tailEvery());
    if (!tailAsked) {
      tailAsked = true;
      shardTail.get(now).whenCompleteAsync((found, failure) -> {
        tailAsked = false;
        if (failure == null && phase == Phase.RUNNING) {
          told(found, now);
        } // else it is asked again soon
      }, loop);
    }
  }

  private void told(Tail found, Instant now) {
    tail = Math.max(tail, found.position());
    if (readTo + 1 < found.first() && !reading) {
      LOG.info("webhook {}, shard {}: what it had not got before {} was trimmed", id(), shard, found.first());
      readTo = found.first() - 1;
      changed = true;
      readAt = now;
    }
    read(now);
  }

  private void read(Instant now) {
    boolean enough =
        window.size() >= settings.lookAhead()
            || (!window.isEmpty() && (bytes >= settings.lookAheadBytes() || listener.isFailing()));
    if (reading || enough || readTo >= tail || now.isBefore(readAt)) {
      return;
    }
    reading = true;
    long to = Math.min(tail, readTo + Math.min(READ_BATCH, settings.lookAhead() - window.size()));
    long from = readTo + 1;
    log.read(LongStream.rangeClosed(from, to).toArray())
        .whenCompleteAsync((records, failure) -> {
          if (phase == Phase.RUNNING && reading && readTo == from - 1) {
            reading = false;
            took(records, failure, now);
          }
        }, loop);
  }

  private void took(List<@Nullable StoredRecord> records, @Nullable Throwable failure, Instant now) {
    if (failure != null) {
      if (!readFailed) {
        LOG.warn("webhook {}, shard {}: nothing can be read: {}", id(), shard, failure.getMessage());
      }
      readFailed = true;
      readAt = now.plus(AGAIN);
      return;
    }
    readFailed = false;
    long before = readTo;
    for (int i = 0; i < records.size() && (bytes < settings.lookAheadBytes() || window.isEmpty()); i++) {
      StoredRecord record = records.get(i);
      if (record == null) {
        missing(records, i, now);
        break;
      }
      take(record);
    }
    changed |= readTo > before;
    listener.ready();
    read(now);
  }

  private void take(StoredRecord record) {
    readTo = record.position();
    try {
      LogRecord parsed = LogRecord.parseFrom(record.bytes());
      if (isWanted(parsed)) {
        add(new Entry(record.position(), parsed, record.bytes().length, readTime));
      }
      readTime = Timestamps.toInstant(parsed.getTime());
    } catch (InvalidProtocolBufferException e) {
      LOG.error("webhook {}, shard {}: position {} holds no record and is passed over", id(), shard, readTo, e);
    }
  }

  private boolean isWanted(LogRecord record) {
    return record.getEventsCount() > 0 && (wanted.isEmpty() || wanted.contains(record.getConversationId()));
  }

  private void add(Entry entry) {
    window.put(entry.position, entry);
    bytes += entry.bytes;
    Conversation conversation = conversations.computeIfAbsent(entry.conversationId, id -> new Conversation());
    conversation.entries.addLast(entry);
    if (conversation.entries.size() == 1) {
      ready.addLast(conversation);
    }
  }

  /** Nothing came for the position behind {@code readTo}: the reader was behind, or nothing is there. */
  private void missing(List<@Nullable StoredRecord> records, int index, Instant now) {
    long position = readTo + 1;
    if (position != missingAt) {
      missingAt = position;
      missingTo = position + records.size() - index - 1;
      missingReads = 0;
    }
    missingReads++;
    if (missingReads < MISSING_READS || position >= tail) {
      readAt = now.plus(MISSING_PAUSE);
      askTail(now);
      return;
    }
    for (int i = index; i < records.size() && records.get(i) == null && readTo < missingTo && readTo + 1 < tail; i++) {
      readTo++;
    }
    LOG.info("webhook {}, shard {}: nothing is at {} to {}: passed over", id(), shard, position, readTo);
  }

  // ------------------------------------------------------------------ giving out

  /** The next event to deliver; null: there is none now. */
  @Nullable Delivery next() {
    if (phase != Phase.RUNNING || underWay >= settings.conversationsPerShard()) {
      return null;
    }
    return given(ready.pollFirst(), false);
  }

  /** An event to try an endpoint with that fails, another one each time if there are others; null: there is none. */
  @Nullable Delivery probe() {
    if (phase != Phase.RUNNING) {
      return null;
    }
    Conversation untried = ready.pollFirst();
    return given(untried == null ? waiting.pollFirst() : untried, true);
  }

  private @Nullable Delivery given(@Nullable Conversation conversation, boolean probe) {
    if (conversation == null) {
      return null;
    }
    conversation.underWay = true;
    underWay++;
    return new Delivery(this, conversation, conversation.head(), probe);
  }

  /**
   * Gives the delivery's record to {@code then}, on the loop, read anew if it is not in memory; null when it cannot be
   * had now: then the delivery is over, and comes again.
   */
  void load(Delivery delivery, Instant now, BiConsumer<Delivery, @Nullable LogRecord> then) {
    LogRecord held = delivery.entry().record;
    if (held != null) {
      then.accept(delivery, held);
      return;
    }
    log.read(new long[] {delivery.entry().position})
        .whenCompleteAsync((records, failure) -> {
          StoredRecord found = failure == null ? records.getFirst() : null;
          LogRecord record = found == null ? null : parsed(found);
          if (isOurs(delivery)) {
            if (record == null || found == null) {
              gone(delivery, failure == null, now);
            } else {
              keep(delivery.entry(), record, found.bytes().length);
            }
          }
          then.accept(delivery, record);
        }, loop);
  }

  private @Nullable LogRecord parsed(StoredRecord found) {
    try {
      return LogRecord.parseFrom(found.bytes());
    } catch (InvalidProtocolBufferException e) {
      LOG.error("webhook {}, shard {}: position {} holds no record", id(), shard, found.position(), e);
      return null;
    }
  }

  private void keep(Entry entry, LogRecord record, int size) {
    entry.record = record;
    entry.bytes = size;
    bytes += size;
  }

  private void gone(Delivery delivery, boolean answered, Instant now) {
    Entry entry = delivery.entry();
    entry.missed += answered ? 1 : 0;
    back(delivery);
    if (entry.missed >= MISSING_READS) {
      LOG.info("webhook {}, shard {}: nothing is at {} any more: passed over", id(), shard, entry.position);
      finish(delivery.conversation(), entry);
    } else {
      Conversation conversation = delivery.conversation();
      conversation.notBefore = now.plus(answered ? MISSING_PAUSE : AGAIN);
      waiting.addLast(conversation);
    }
  }

  /** Whether the delivery is of this life of the reader. */
  private boolean isOurs(Delivery delivery) {
    return phase == Phase.RUNNING && window.get(delivery.entry().position) == delivery.entry();
  }

  private void back(Delivery delivery) {
    delivery.conversation().underWay = false;
    underWay--;
  }

  /** The endpoint has taken it. */
  void succeeded(Delivery delivery, Instant now) {
    if (!isOurs(delivery)) {
      return;
    }
    Conversation conversation = delivery.conversation();
    Entry entry = delivery.entry();
    back(delivery);
    if (window.firstKey() == entry.position) {
      inherited = null;
    }
    conversation.since = null;
    conversation.failures = 0;
    entry.next++;
    if (entry.next < entry.events) {
      ready.addLast(conversation);
    } else {
      finish(conversation, entry);
    }
    changed = true;
    read(now);
  }

  private void finish(Conversation conversation, Entry entry) {
    window.remove(entry.position);
    unload(entry);
    conversation.entries.removeFirst();
    changed = true;
    if (conversation.entries.isEmpty()) {
      conversations.remove(entry.conversationId);
    } else {
      ready.addLast(conversation);
    }
  }

  /**
   * The endpoint has not taken it.
   *
   * @param pause when the endpoint took others until now: how long this conversation waits, by how often it failed in a
   *     row; null: the endpoint fails as a whole, and whoever is next tries
   */
  void failed(Delivery delivery, Instant now, @Nullable IntFunction<Duration> pause) {
    if (!isOurs(delivery)) {
      return;
    }
    Conversation conversation = delivery.conversation();
    back(delivery);
    if (conversation.since == null) {
      boolean oldest = window.firstKey() == delivery.entry().position;
      conversation.since = oldest && inherited != null ? inherited : now;
    }
    if (pause != null) {
      conversation.notBefore = now.plus(pause.apply(++conversation.failures));
    }
    unload(delivery.entry());
    waiting.addLast(conversation);
  }

  /** The endpoint fails: its records are not kept; they are read anew, as they are then, when they are tried. */
  void unload() {
    window.values().forEach(this::unload);
  }

  private void unload(Entry entry) {
    bytes -= entry.bytes;
    entry.bytes = 0;
    entry.record = null;
  }

  /** Conversations whose pause is over may be tried. */
  void release(Instant now) {
    for (int i = waiting.size(); i > 0; i--) {
      Conversation conversation = waiting.removeFirst();
      boolean due = !now.isBefore(conversation.notBefore);
      (due ? ready : waiting).addLast(conversation);
      if (due) {
        listener.ready();
      }
    }
  }

  /** Since when the event has failed that fails longest; null: none does. */
  @Nullable Instant oldestFailure() {
    Instant oldest = null;
    for (Conversation conversation : conversations.values()) {
      Instant since = conversation.since;
      if (since != null && (oldest == null || since.isBefore(oldest))) {
        oldest = since;
      }
    }
    return oldest;
  }

  private String id() {
    return webhook.getWebhook().getWebhookId();
  }
}
