package dev.parley.chassis.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.SdkMeterProviderBuilder;
import io.opentelemetry.sdk.metrics.export.MetricReader;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The metrics and traces of a program: OpenTelemetry's, sent to a collector at intervals, and metrics also kept for
 * whoever fetches them. What goes nowhere is not counted, and no thread runs for it.
 *
 * <p>Thread-safe. {@link #close} sends what is not sent yet; it may block for ten seconds if the collector is silent.
 */
public final class Telemetry implements AutoCloseable {
  private static final String SCOPE = "parley";
  private static final Duration SPANS_SENT = Duration.ofSeconds(1);

  private final MeterProvider meters;
  private final TracerProvider tracers;
  private final @Nullable Scrape scrape;
  private final List<AutoCloseable> ends;

  private Telemetry(
      MeterProvider meters, TracerProvider tracers, @Nullable Scrape scrape, List<AutoCloseable> ends) {
    this.meters = meters;
    this.tracers = tracers;
    this.scrape = scrape;
    this.ends = ends;
  }

  /** Neither metrics nor traces. */
  public static Telemetry none() {
    return over(MeterProvider.noop(), TracerProvider.noop());
  }

  /** Metrics and traces that others make, who also end them. */
  public static Telemetry over(MeterProvider meters, TracerProvider tracers) {
    return new Telemetry(meters, tracers, null, List.of());
  }

  /**
   * Metrics and traces as these settings say.
   *
   * @param spans where they are sent; null: nowhere
   * @param fetched whether the program has an admin endpoint where metrics could be fetched
   * @param service the program's name, as {@code parley-router}
   * @param instance which one it is
   */
  public static Telemetry of(
      TelemetrySettings metrics, @Nullable URI spans, boolean fetched, String service, String instance) {
    Resource resource =
        Resource.builder().put("service.name", service).put("service.instance.id", instance).build();
    List<MetricReader> readers = new ArrayList<>();
    Scrape scrape = null;
    if (fetched && metrics.scrape()) {
      PrometheusMetricReader reader =
          PrometheusMetricReader.builder().setOtelScopeLabelsEnabled(false).setTargetInfoMetricEnabled(false).build();
      scrape = new Scrape(reader);
      readers.add(reader);
    }
    URI endpoint = metrics.endpoint();
    if (endpoint != null) {
      readers.add(
          PeriodicMetricReader.builder(OtlpHttpMetricExporter.builder().setEndpoint(endpoint.toString()).build())
              .setInterval(metrics.interval())
              .build());
    }
    List<AutoCloseable> ends = new ArrayList<>();
    MeterProvider meters = readers.isEmpty() ? MeterProvider.noop() : meters(readers, resource, ends);
    return new Telemetry(meters, tracers(spans, resource, ends), scrape, ends);
  }

  /** Metrics that go to a reader, as {@link #of} otherwise. */
  public static Telemetry to(MetricReader reader, String service, String instance) {
    Resource resource =
        Resource.builder().put("service.name", service).put("service.instance.id", instance).build();
    List<AutoCloseable> ends = new ArrayList<>();
    return new Telemetry(meters(List.of(reader), resource, ends), TracerProvider.noop(), null, ends);
  }

  private static MeterProvider meters(List<MetricReader> readers, Resource resource, List<AutoCloseable> ends) {
    SdkMeterProviderBuilder builder = SdkMeterProvider.builder().setResource(resource);
    readers.forEach(builder::registerMetricReader);
    SdkMeterProvider meters = builder.build();
    ends.add(meters);
    ends.add(new JvmMetrics(meters.get(SCOPE)));
    return meters;
  }

  private static TracerProvider tracers(@Nullable URI endpoint, Resource resource, List<AutoCloseable> ends) {
    if (endpoint == null) {
      return TracerProvider.noop();
    }
    SdkTracerProvider tracers =
        SdkTracerProvider.builder()
            .setResource(resource)
            // What is not sampled does not come so far: see Traces.
            .setSampler(Sampler.alwaysOn())
            .addSpanProcessor(
                BatchSpanProcessor.builder(OtlpHttpSpanExporter.builder().setEndpoint(endpoint.toString()).build())
                    .setScheduleDelay(SPANS_SENT)
                    .build())
            .build();
    ends.add(tracers);
    return tracers;
  }

  /** Where metrics are made. */
  public Meter meter() {
    return meters.get(SCOPE);
  }

  /** Where spans are made. */
  public Tracer tracer() {
    return tracers.get(SCOPE);
  }

  /** Whether anything is counted. */
  public boolean counts() {
    return meters != MeterProvider.noop();
  }

  /** Whether spans go anywhere. */
  public boolean traces() {
    return tracers != TracerProvider.noop();
  }

  /** The metrics alone, for libraries that take all of OpenTelemetry. */
  OpenTelemetry metricsOnly() {
    return new OpenTelemetry() {
      @Override
      public TracerProvider getTracerProvider() {
        return TracerProvider.noop();
      }

      @Override
      public MeterProvider getMeterProvider() {
        return meters;
      }

      @Override
      public io.opentelemetry.context.propagation.ContextPropagators getPropagators() {
        return io.opentelemetry.context.propagation.ContextPropagators.noop();
      }
    };
  }

  /** The metrics for whoever fetches them; null: nobody may. */
  public @Nullable Scrape scrape() {
    return scrape;
  }

  @Override
  public void close() {
    for (AutoCloseable end : ends.reversed()) {
      try {
        end.close();
      } catch (Exception e) {
        throw new IllegalStateException("telemetry could not be ended", e);
      }
    }
  }
}
