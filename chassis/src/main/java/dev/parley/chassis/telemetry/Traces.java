package dev.parley.chassis.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Spans whose context goes from one program to the next as text, in the form of W3C's {@code traceparent}. What is not
 * sampled has none, and costs nothing. Thread-safe.
 */
public final class Traces {
  /** No spans. */
  public static final Traces NONE = new Traces(null, 0);

  private static final Pattern CONTEXT = Pattern.compile("00-[0-9a-f]{32}-[0-9a-f]{16}-01");

  private final @Nullable Tracer tracer;
  private final double ratio;

  private Traces(@Nullable Tracer tracer, double ratio) {
    this.tracer = tracer;
    this.ratio = ratio;
  }

  /** The spans of a program. {@code ratio}: of which share of what begins here a trace is made. */
  public static Traces of(Telemetry telemetry, double ratio) {
    return telemetry.traces() ? new Traces(telemetry.tracer(), ratio) : NONE;
  }

  /** Begins a trace; null: this one is not sampled. */
  public @Nullable Traced begin(String name) {
    if (tracer == null || ratio <= 0 || ThreadLocalRandom.current().nextDouble() >= ratio) {
      return null;
    }
    return new Traced(tracer.spanBuilder(name).setNoParent().startSpan());
  }

  /** Goes on with the trace of this context; null: it is empty, or none. */
  public @Nullable Traced goOn(String name, String parent) {
    return goOn(name, parent, List.of(), null);
  }

  /**
   * Goes on with the trace of a context.
   *
   * @param others contexts of further traces that this span belongs to
   * @param start when it began; null: now
   */
  public @Nullable Traced goOn(String name, String parent, List<String> others, @Nullable Instant start) {
    SpanContext context = tracer == null ? null : read(parent);
    if (tracer == null || context == null) {
      return null;
    }
    SpanBuilder span = tracer.spanBuilder(name).setParent(Context.root().with(Span.wrap(context)));
    for (String other : others) {
      SpanContext linked = read(other);
      if (linked != null) {
        span.addLink(linked);
      }
    }
    if (start != null) {
      span.setStartTimestamp(start);
    }
    return new Traced(span.startSpan());
  }

  /** Records a value with the span of this context as its example. */
  public static void record(DoubleHistogram histogram, double value, Attributes attributes, String context) {
    SpanContext span = read(context);
    histogram.record(value, attributes, span == null ? Context.root() : Context.root().with(Span.wrap(span)));
  }

  /** Whether this is the context of a span that is sampled. */
  static boolean isSampled(String context) {
    return CONTEXT.matcher(context).matches();
  }

  private static @Nullable SpanContext read(String text) {
    if (text.isEmpty() || !isSampled(text)) {
      return null;
    }
    return SpanContext.createFromRemoteParent(
        text.substring(3, 35), text.substring(36, 52), TraceFlags.getSampled(), TraceState.getDefault());
  }
}
