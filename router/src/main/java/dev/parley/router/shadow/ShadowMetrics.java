package dev.parley.router.shadow;

import dev.parley.router.shadow.Difference.Kind;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts comparisons, and counts and logs what they find. Thread-safe. */
public final class ShadowMetrics implements Consumer<Difference> {
  private static final Logger LOG = LoggerFactory.getLogger(ShadowMetrics.class);
  private static final AttributeKey<String> KIND = AttributeKey.stringKey("kind");

  private final LongCounter checks;
  private final LongCounter differences;
  private final Map<Kind, Attributes> kinds = new EnumMap<>(Kind.class);

  /** Metrics of this meter; the differences read 0 from the beginning, so that the first one is an increase. */
  public ShadowMetrics(Meter meter) {
    checks =
        meter
            .counterBuilder("chat.shadow.checks")
            .setDescription("Events sent to sampled clients that were compared with the log")
            .build();
    differences =
        meter
            .counterBuilder("chat.shadow.differences")
            .setDescription("Events that sampled clients were sent, or not, other than the log has them")
            .build();
    for (Kind kind : Kind.values()) {
      kinds.put(kind, Attributes.of(KIND, kind.name().toLowerCase(Locale.ROOT)));
      differences.add(0, kinds.get(kind));
    }
  }

  /** So many events were compared. */
  void compared(int events) {
    checks.add(events);
  }

  @Override
  public void accept(Difference difference) {
    differences.add(1, kinds.get(difference.kind()));
    LOG.error(
        "what a client was sent differs from the log: {} of event {} of conversation {}, user {}",
        difference.kind(),
        difference.seq(),
        difference.conversationId(),
        difference.userId());
  }
}
