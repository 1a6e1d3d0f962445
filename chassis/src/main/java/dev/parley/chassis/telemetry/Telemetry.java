package dev.parley.chassis.telemetry;

import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.MetricReader;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import java.net.URI;

/**
 * The metrics of a program: OpenTelemetry's, sent to a collector at intervals. Without an endpoint nothing is counted,
 * sent or kept, and no thread runs.
 *
 * <p>Thread-safe. {@link #close} sends what is not sent yet; it may block for ten seconds if the collector is silent.
 */
public final class Telemetry implements AutoCloseable {
  private final MeterProvider meters;
  private final Runnable end;

  private Telemetry(MeterProvider meters, Runnable end) {
    this.meters = meters;
    this.end = end;
  }

  /** No metrics. */
  public static Telemetry none() {
    return new Telemetry(MeterProvider.noop(), () -> {});
  }

  /** Metrics as these settings say, of a program with this name ({@code parley-router}) and instance. */
  public static Telemetry of(TelemetrySettings settings, String service, String instance) {
    URI endpoint = settings.endpoint();
    if (endpoint == null) {
      return none();
    }
    return to(
        PeriodicMetricReader.builder(OtlpHttpMetricExporter.builder().setEndpoint(endpoint.toString()).build())
            .setInterval(settings.interval())
            .build(),
        service,
        instance);
  }

  /** Metrics that go to a reader, as {@link #of} otherwise. */
  public static Telemetry to(MetricReader reader, String service, String instance) {
    SdkMeterProvider meters =
        SdkMeterProvider.builder()
            .setResource(
                Resource.builder().put("service.name", service).put("service.instance.id", instance).build())
            .registerMetricReader(reader)
            .build();
    return new Telemetry(meters, meters::close);
  }

  /** Where metrics are made. */
  public Meter meter() {
    return meters.get("parley");
  }

  @Override
  public void close() {
    end.run();
  }
}
