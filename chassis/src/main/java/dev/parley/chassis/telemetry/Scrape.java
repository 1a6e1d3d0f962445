package dev.parley.chassis.telemetry;

import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The metrics of a program in Prometheus' formats, for whoever fetches them. Thread-safe: one page is made at a time. */
public final class Scrape {
  private static final String BUILD = "parley_build";

  private final PrometheusMetricReader reader;
  private final ExpositionFormatWriter text = PrometheusTextFormatWriter.create();
  /** The one format of the two that has exemplars. */
  private final ExpositionFormatWriter openMetrics = OpenMetricsTextFormatWriter.create();
  private final ReentrantLock lock = new ReentrantLock();

  /** What is sent, and its {@code Content-Type}. */
  @SuppressWarnings("ArrayRecordComponent")
  public record Page(String contentType, byte[] body) {}

  Scrape(PrometheusMetricReader reader) {
    this.reader = reader;
  }

  /** The present values, in the format that {@code accept}, a header of HTTP, asks for. */
  public Page page(@Nullable String accept) throws IOException {
    ExpositionFormatWriter format = openMetrics.accepts(accept) ? openMetrics : text;
    ByteArrayOutputStream out = new ByteArrayOutputStream(32 << 10);
    lock.lock();
    try {
      format.write(out, named(reader.collect()));
    } finally {
      lock.unlock();
    }
    return new Page(format.getContentType(), out.toByteArray());
  }

  /** Prometheus keeps the ending {@code _info} for metrics of a type of their own, which OpenTelemetry does not have. */
  private static MetricSnapshots named(MetricSnapshots collected) {
    return new MetricSnapshots(collected.stream().map(Scrape::named).toList());
  }

  private static MetricSnapshot named(MetricSnapshot snapshot) {
    if (!snapshot.getMetadata().getName().equals(BUILD) || !(snapshot instanceof GaugeSnapshot gauge)) {
      return snapshot;
    }
    InfoSnapshot.Builder info = InfoSnapshot.builder().name(BUILD).help(gauge.getMetadata().getHelp());
    gauge.getDataPoints()
        .forEach(point -> info.dataPoint(InfoDataPointSnapshot.builder().labels(point.getLabels()).build()));
    return info.build();
  }
}
