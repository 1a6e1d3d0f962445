package dev.parley.chassis.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.nimbusds.jose.util.JSONObjectUtils;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Scope;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LoggingTest {
  private static final String HOSTILE =
      "a\"b\\c\nlevel=ERROR\r\n{\"message\":\"forged\"}\t\u001b[2J\u0000\u0085\u2028\u2029\ud83d\ude00 \ud83d";

  private final LoggerContext context = new LoggerContext();

  private String line(String format, @Nullable Throwable thrown) {
    LoggingEvent event =
        new LoggingEvent("here", context.getLogger("a.b.C"), Level.WARN, "said {}", thrown, new Object[] {HOSTILE});
    event.setThreadName("loop-1");
    return new String(Logging.encoder(format, context).encode(event), StandardCharsets.UTF_8);
  }

  @Test
  void jsonIsOneObjectALineWhateverIsInIt() throws Exception {
    String line = line("json", new IllegalStateException(HOSTILE, new IllegalArgumentException("cause")));

    assertThat(line).endsWith("}\n");
    assertThat(line.substring(0, line.length() - 1)).matches("[^\\p{Cntrl}\u0085\u2028\u2029]*");
    Map<String, Object> fields = JSONObjectUtils.parse(line);
    assertThat(fields).containsOnlyKeys("time", "level", "logger", "message", "thread", "error");
    // What is no character cannot be told.
    assertThat(fields.get("message")).isEqualTo("said " + HOSTILE.replaceFirst("\ud83d$", "\ufffd"));
    assertThat(fields).containsEntry("level", "WARN").containsEntry("logger", "a.b.C").containsEntry("thread", "loop-1");
    assertThat(String.valueOf(fields.get("time"))).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
    assertThat(String.valueOf(fields.get("error")))
        .startsWith("java.lang.IllegalStateException: a\"b")
        .contains("caused by java.lang.IllegalArgumentException: cause");
  }

  @Test
  void textIsOneLineToo() {
    String line = line("text", new IllegalStateException(HOSTILE));

    assertThat(line).endsWith("\n");
    assertThat(line.substring(0, line.length() - 1)).matches("[^\\p{Cntrl}\u0085\u2028\u2029]*").contains("WARN");
  }

  @Test
  void jsonNamesTheSpanThatIsCurrent() throws Exception {
    SpanContext span =
        SpanContext.create(
            "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", TraceFlags.getSampled(), TraceState.getDefault());

    try (Scope scope = Span.wrap(span).makeCurrent()) {
      assertThat(scope).isNotNull();
      assertThat(JSONObjectUtils.parse(line("json", null)))
          .containsEntry("trace_id", span.getTraceId())
          .containsEntry("span_id", span.getSpanId());
    }
  }
}
