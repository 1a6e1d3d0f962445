package dev.parley.router;

import com.google.protobuf.Timestamp;
import dev.parley.chassis.telemetry.Instruments;
import dev.parley.chassis.telemetry.Traces;
import dev.parley.router.session.SessionMetrics;
import dev.parley.router.shard.CommittedRecord;
import dev.parley.router.shard.ShardMetrics;
import dev.parley.v1.ErrorReason;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.LongHistogram;
import io.opentelemetry.api.metrics.Meter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of a router. All attributes are made beforehand, so that counting makes nothing. Thread-safe; {@link #close}
 * ends what is asked for its present value.
 */
final class RouterMetrics implements ShardMetrics, SessionMetrics, AutoCloseable {
  private static final String REASON_PREFIX = "ERROR_REASON_";
  private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("outcome");
  private static final AttributeKey<String> KIND = AttributeKey.stringKey("kind");
  private static final AttributeKey<String> PATH = AttributeKey.stringKey("path");
  private static final AttributeKey<String> ROUTER = AttributeKey.stringKey("router");
  private static final AttributeKey<Long> SHARD = AttributeKey.longKey("shard");
  private static final Attributes LIVE = Attributes.of(PATH, "live");
  private static final Attributes CATCH_UP = Attributes.of(PATH, "catch_up");
  private static final Attributes OK = Attributes.of(OUTCOME, "ok");
  private static final Attributes REFUSED = Attributes.of(OUTCOME, "refused");
  private static final Attributes ABANDONED = Attributes.of(OUTCOME, "abandoned");
  private static final Attributes UNKNOWN = Attributes.of(OUTCOME, "unknown");
  private static final List<Long> EVENTS = List.of(1L, 2L, 4L, 8L, 16L, 32L, 64L);
  private static final double NANOS = 1e9;
  private static final long UNMEASURED = -1;

  private final Traces traces;
  private final InstantSource clock;
  private final LongSupplier nanos;
  private final LongCounter sends;
  private final DoubleHistogram sendLatency;
  private final DoubleHistogram deliveryLatency;
  private final LongCounter resumes;
  private final LongCounter catchUps;
  private final LongCounter creditStalls;
  private final LongCounter sheds;
  private final DoubleHistogram appendLatency;
  private final LongHistogram appendEvents;
  private final DoubleHistogram roundTrip;
  private final LongCounter settles;
  private final LongCounter takeovers;
  private final Map<ErrorReason, Attributes> reasons = new EnumMap<>(ErrorReason.class);
  private final Attributes[] resumeOutcomes;
  private final Attributes[] shedKinds;
  private final LongAdder follows = new LongAdder();
  private final LongAdder behind = new LongAdder();
  /** Of each shard 1 while this router decides there. */
  private final AtomicIntegerArray owned;

  /** Of each shard how full it is, as the bits of a double, or {@link #UNMEASURED}. */
  private final AtomicLongArray fill;

  private final List<AutoCloseable> gauges = new ArrayList<>();

  /**
   * Metrics of this meter.
   *
   * @param traces where spans are made
   * @param nanos the clock of {@link ShardMetrics}
   * @param sessions how many there are
   */
  RouterMetrics(
      Meter meter, Traces traces, InstantSource clock, LongSupplier nanos, int shards, LongSupplier sessions) {
    this.traces = traces;
    this.clock = clock;
    this.nanos = nanos;
    this.sends = Instruments.count(meter, "chat.sends", "Commands, by what became of them");
    this.sendLatency = Instruments.seconds(meter, "chat.send.latency", "From a command to its answer");
    this.deliveryLatency =
        Instruments.seconds(
            meter, "chat.delivery.latency", "From an event's time at the owner to its frame on a recipient's stream");
    this.resumes = Instruments.count(meter, "chat.resumes", "Cursors of clients that came back, by how they go on");
    this.catchUps =
        Instruments.count(meter, "chat.catch_ups", "How often a session began to read for a conversation that it lacked");
    this.creditStalls =
        Instruments.count(meter, "chat.credit.stalls", "How often a client had acknowledged too little to get more");
    this.sheds = Instruments.count(meter, "chat.sheds", "What was left out since it could not be sent at once");
    this.appendLatency =
        Instruments.seconds(
            meter, "chat.append.latency", "From the sending of a record until it and all before it are on the log");
    this.appendEvents =
        meter
            .histogramBuilder("chat.append.events")
            .ofLongs()
            .setDescription("Events in a record")
            .setExplicitBucketBoundariesAdvice(EVENTS)
            .build();
    this.roundTrip =
        Instruments.seconds(meter, "chat.broker.round_trip", "From the sending of a record to the broker's acknowledgement");
    this.settles =
        Instruments.count(meter, "chat.settles", "How often an owner made sure what is on its log, take-overs among them");
    this.takeovers = Instruments.count(meter, "chat.takeovers", "How often this router took a shard");
    for (ErrorReason reason : ErrorReason.values()) {
      String name = reason.name();
      reasons.put(
          reason,
          Attributes.of(OUTCOME, name.startsWith(REASON_PREFIX) ? name.substring(REASON_PREFIX.length()) : name));
    }
    this.resumeOutcomes = attributes(OUTCOME, Resume.values());
    this.shedKinds = attributes(KIND, Shed.values());
    this.owned = new AtomicIntegerArray(shards);
    this.fill = new AtomicLongArray(shards);
    for (int shard = 0; shard < shards; shard++) {
      fill.set(shard, UNMEASURED);
    }
    gauges.add(Instruments.now(meter, "chat.sessions", "Open sessions", sessions));
    gauges.add(
        Instruments.now(meter, "chat.sessions.behind", "Sessions that lack something and read for it", behind::sum));
    gauges.add(Instruments.now(meter, "chat.follows", "Conversations that sessions follow, over all sessions", follows::sum));
    Attributes[] shardNames = new Attributes[shards];
    Arrays.setAll(shardNames, shard -> Attributes.of(SHARD, (long) shard));
    gauges.add(owned(meter, shardNames));
    gauges.add(fillRatios(meter, shardNames));
    // So that what has not happened yet reads 0.
    sends.add(0, OK);
    sends.add(0, ABANDONED);
    Arrays.stream(resumeOutcomes).forEach(outcome -> resumes.add(0, outcome));
    Arrays.stream(shedKinds).forEach(kind -> sheds.add(0, kind));
    List.of(catchUps, creditStalls, settles, takeovers).forEach(counter -> counter.add(0));
  }

  private static Attributes[] attributes(AttributeKey<String> key, Enum<?>[] values) {
    return Arrays.stream(values)
        .map(value -> Attributes.of(key, value.name().toLowerCase(Locale.ROOT)))
        .toArray(Attributes[]::new);
  }

  /** Of each shard that there is, so that one which nobody owns is told of too. */
  private AutoCloseable owned(Meter meter, Attributes[] shards) {
    return meter
        .gaugeBuilder("chat.shard.owned")
        .ofLongs()
        .setDescription("Whether this router owns a shard and decides for it, 0 or 1")
        .buildWithCallback(
            gauge -> {
              for (int shard = 0; shard < shards.length; shard++) {
                gauge.record(owned.get(shard), shards[shard]);
              }
            });
  }

  private AutoCloseable fillRatios(Meter meter, Attributes[] shards) {
    return meter
        .gaugeBuilder("chat.log.fill.ratio")
        .setDescription("How full the log of a shard is that this router owns, 0 to 1")
        .buildWithCallback(
            gauge -> {
              for (int shard = 0; shard < shards.length; shard++) {
                long bits = fill.get(shard);
                if (bits >= 0) {
                  gauge.record(Double.longBitsToDouble(bits), shards[shard]);
                }
              }
            });
  }

  /** Measures the clocks of other routers; {@code ahead} is asked when somebody looks. */
  void clocks(Meter meter, Supplier<Map<String, Duration>> ahead) {
    gauges.add(
        meter
            .gaugeBuilder("chat.clock.skew")
            .setUnit("s")
            .setDescription("By how much the clock of another router is ahead of this one's; negative: behind")
            .buildWithCallback(
                gauge ->
                    ahead
                        .get()
                        .forEach((router, by) -> gauge.record(by.toNanos() / NANOS, Attributes.of(ROUTER, router)))));
  }

  @Override
  public Traces traces() {
    return traces;
  }

  // ------------------------------------------------------------------ shards

  @Override
  public void acknowledged(long sentNanos) {
    roundTrip.record((nanos.getAsLong() - sentNanos) / NANOS);
  }

  @Override
  public void stored(long sentNanos, int events) {
    appendLatency.record((nanos.getAsLong() - sentNanos) / NANOS);
    appendEvents.record(events);
  }

  @Override
  public void settling(int shard, boolean takingOver) {
    owned.set(shard, 0);
    settles.add(1);
    if (takingOver) {
      takeovers.add(1);
    }
  }

  @Override
  public void owned(int shard, boolean now) {
    owned.set(shard, now ? 1 : 0);
    if (!now) {
      fill.set(shard, UNMEASURED);
    }
  }

  @Override
  public void filled(int shard, double ratio) {
    fill.set(shard, Double.doubleToRawLongBits(Math.clamp(ratio, 0.0, 1.0)));
  }

  // ------------------------------------------------------------------ sessions

  @Override
  public long begin() {
    return nanos.getAsLong();
  }

  @Override
  public void answered(long begun, @Nullable ErrorReason refusal) {
    double seconds = (nanos.getAsLong() - begun) / NANOS;
    if (refusal == null) {
      sends.add(1, OK);
      sendLatency.record(seconds, OK);
    } else {
      sends.add(1, Objects.requireNonNull(reasons.get(refusal)));
      sendLatency.record(seconds, refusal == ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN ? UNKNOWN : REFUSED);
    }
  }

  @Override
  public void abandoned() {
    sends.add(1, ABANDONED);
  }

  @Override
  public void delivered(CommittedRecord record, int events, boolean live) {
    Timestamp time = record.record().getTime();
    Instant now = clock.instant();
    // Clocks of two machines differ a little: what seems to come before it was sent took no time.
    double seconds = Math.max(0, now.getEpochSecond() - time.getSeconds() + (now.getNano() - time.getNanos()) / NANOS);
    Attributes path = live ? LIVE : CATCH_UP;
    String trace = record.record().getTraceContext();
    for (int i = 0; i < events; i++) {
      if (trace.isEmpty()) {
        deliveryLatency.record(seconds, path);
      } else {
        Traces.record(deliveryLatency, seconds, path, trace);
      }
    }
  }

  @Override
  public void resumed(Resume outcome) {
    resumes.add(1, resumeOutcomes[outcome.ordinal()]);
  }

  @Override
  public void follows(int more) {
    follows.add(more);
  }

  @Override
  public void catchesUp() {
    catchUps.add(1);
  }

  @Override
  public void behind(int more) {
    behind.add(more);
  }

  @Override
  public void creditStalled() {
    creditStalls.add(1);
  }

  @Override
  public void shed(Shed what) {
    sheds.add(1, shedKinds[what.ordinal()]);
  }

  @Override
  public void close() {
    for (AutoCloseable gauge : gauges) {
      try {
        gauge.close();
      } catch (Exception e) {
        throw new IllegalStateException("a gauge could not be ended", e);
      }
    }
  }
}
