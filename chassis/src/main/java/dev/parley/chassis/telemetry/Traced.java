package dev.parley.chassis.telemetry;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.StatusCode;

/** A span that is sampled. Thread-safe; ended once. */
public final class Traced {
  private final Span span;

  Traced(Span span) {
    this.span = span;
  }

  /** Its context as text, for whoever goes on with the trace. */
  public String context() {
    SpanContext context = span.getSpanContext();
    return "00-" + context.getTraceId() + "-" + context.getSpanId() + "-01";
  }

  /** Says something of it: few values, and never what users write. */
  public void say(String key, String value) {
    span.setAttribute(key, value);
  }

  /** It went well. */
  public void end() {
    span.end();
  }

  /** It did not; {@code why}: a name of a reason. */
  public void fail(String why) {
    span.setStatus(StatusCode.ERROR, why);
    span.end();
  }
}
