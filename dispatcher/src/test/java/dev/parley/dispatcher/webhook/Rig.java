package dev.parley.dispatcher.webhook;

import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.internal.v1.StoredWebhook;
import dev.parley.internal.v1.WebhookCursor;
import dev.parley.v1.Webhook;
import dev.parley.v1.WebhookState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Random;

/** Dispatchers over one broker in memory, with a clock that tests move and one loop that runs when they say. */
final class Rig {
  static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
  static final WebhookSettings SETTINGS =
      new WebhookSettings(
          100, 256, 32, 16, 256, 256 << 10, Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofHours(24));

  final MemoryBroker broker = new MemoryBroker(new Layout(2, 64, 1));
  final Endpoints endpoints = new Endpoints();
  final WrittenLog log = new WrittenLog(broker.shard(0));
  final WebhookTable table;
  private final ArrayDeque<Runnable> loop = new ArrayDeque<>();
  Instant now = START;

  Rig() {
    table = new WebhookTable(broker.table(TableName.WEBHOOKS), 3, () -> now);
    table.watch(stored -> {}).join();
  }

  /** A dispatcher that owns shard 0. */
  WebhookEngine dispatcher() {
    return dispatcher(SETTINGS);
  }

  WebhookEngine dispatcher(WebhookSettings settings) {
    return dispatcher(broker, settings, new WebhookMetrics(Telemetry.none().meter(), List::of, () -> now));
  }

  /** One that sees this broker, which may have faults, and tells these metrics. */
  WebhookEngine dispatcher(Broker seen, WebhookSettings settings, WebhookMetrics metrics) {
    var own = new WebhookTable(broker.table(TableName.WEBHOOKS), 3, () -> now);
    var engine =
        new WebhookEngine(
            seen,
            own,
            settings,
            endpoints,
            () -> now,
            loop::addLast,
            new RetrySchedule(new Random(7)),
            metrics);
    own.watch(engine::changed).join();
    engine.own(0);
    run();
    return engine;
  }

  /** An endpoint at this address, made a moment ago. */
  String webhook(String url, String... conversations) {
    String id = "id of " + url;
    table.create(id, url, List.of(conversations)).join();
    now = now.plusMillis(1);
    run();
    return id;
  }

  void enable(String id) {
    table.update(id, "", WebhookState.WEBHOOK_STATE_ENABLED).join();
    run();
  }

  StoredWebhook stored(String id) {
    return table.get(id).join();
  }

  Webhook view(String id) {
    return new WebhookViews(broker, () -> now).of(List.of(stored(id))).join().getFirst();
  }

  WebhookCursor cursor(String id) {
    return ShardCursor.parse(
        Objects.requireNonNull(broker.table(TableName.WEBHOOK_CURSORS).get(ShardCursor.key(id, 0)).join()));
  }

  long cursorRevision(String id) {
    return Objects.requireNonNull(broker.table(TableName.WEBHOOK_CURSORS).get(ShardCursor.key(id, 0)).join())
        .revision();
  }

  /** Writes messages of one conversation, each as a record. */
  void say(String conversation, String... texts) {
    for (String text : texts) {
      log.messages(conversation, now, text);
    }
  }

  /** All that can be done now. */
  void run() {
    Runnable task;
    while ((task = loop.pollFirst()) != null) {
      task.run();
    }
  }

  /** Time passes, all at once. */
  void pass(Duration time, WebhookEngine... dispatchers) {
    now = now.plus(time);
    for (WebhookEngine dispatcher : dispatchers) {
      dispatcher.tick();
      run();
    }
  }

  /** A little time passes: what is new is noticed, and cursors are stored. */
  void settle(WebhookEngine... dispatchers) {
    pass(Duration.ofSeconds(1), dispatchers);
    pass(Duration.ofSeconds(1), dispatchers);
  }
}
