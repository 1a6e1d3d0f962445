package dev.parley.chassis.server;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.StackTraceElementProxy;
import ch.qos.logback.core.encoder.EncoderBase;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import java.nio.charset.StandardCharsets;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeFormatter;

/**
 * Writes log events as JSON, one object a line, whatever is in them: {@code time}, {@code level}, {@code logger}, {@code
 * message}, {@code thread}; {@code trace_id} and {@code span_id} of the span that is current, if one is; {@code error}
 * with its causes. Thread-safe. Logs on the thread that logs, or the span would be another one's.
 */
final class JsonLines extends EncoderBase<ILoggingEvent> {
  private static final DateTimeFormatter MILLIS = new DateTimeFormatterBuilder().appendInstant(3).toFormatter();
  private static final int MOST_FRAMES = 12;
  private static final int MOST_CAUSES = 8;
  private static final byte[] NOTHING = {};

  @Override
  public byte[] headerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] footerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    StringBuilder line = new StringBuilder(256);
    line.append("{\"time\":\"").append(MILLIS.format(event.getInstant())).append('"');
    field(line, "level", event.getLevel().toString());
    field(line, "logger", event.getLoggerName());
    field(line, "message", event.getFormattedMessage());
    field(line, "thread", event.getThreadName());
    SpanContext span = Span.current().getSpanContext();
    if (span.isValid()) {
      field(line, "trace_id", span.getTraceId());
      field(line, "span_id", span.getSpanId());
    }
    if (event.getThrowableProxy() != null) {
      field(line, "error", error(event.getThrowableProxy()));
    }
    return line.append("}\n").toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String error(IThrowableProxy thrown) {
    StringBuilder text = new StringBuilder();
    IThrowableProxy each = thrown;
    for (int causes = 0; each != null && causes < MOST_CAUSES; causes++) {
      text.append(causes == 0 ? "" : "caused by ").append(each.getClassName()).append(": ").append(each.getMessage());
      StackTraceElementProxy[] frames = each.getStackTraceElementProxyArray();
      for (int i = 0; i < Math.min(frames.length, MOST_FRAMES); i++) {
        text.append("\n  ").append(frames[i].getSTEAsString());
      }
      text.append('\n');
      each = each.getCause();
    }
    return text.toString().stripTrailing();
  }

  private static void field(StringBuilder line, String name, String value) {
    line.append(",\"").append(name).append("\":\"");
    for (int i = 0; i < value.length(); i++) {
      character(line, value, i);
    }
    line.append('"');
  }

  /** Everything that ends a line somewhere, or moves a terminal's cursor, is escaped; half a character is replaced. */
  private static void character(StringBuilder line, String value, int i) {
    char c = value.charAt(i);
    switch (c) {
      case '"' -> line.append("\\\"");
      case '\\' -> line.append("\\\\");
      case '\n' -> line.append("\\n");
      case '\r' -> line.append("\\r");
      case '\t' -> line.append("\\t");
      case '\u2028' -> line.append("\\u2028");
      case '\u2029' -> line.append("\\u2029");
      default -> {
        if (Character.isISOControl(c)) {
          line.append("\\u%04x".formatted((int) c));
        } else if (Character.isSurrogate(c) && !isWhole(value, i)) {
          line.append('\ufffd');
        } else {
          line.append(c);
        }
      }
    }
  }

  private static boolean isWhole(String value, int i) {
    return Character.isHighSurrogate(value.charAt(i))
        ? i + 1 < value.length() && Character.isLowSurrogate(value.charAt(i + 1))
        : i > 0 && Character.isHighSurrogate(value.charAt(i - 1));
  }
}
