package dev.parley.edge;

import java.net.URI;

/**
 * The traces that begin at the edge: of a share of the calls, and of no stream, since one that lives for days holds many
 * messages. Whether a trace begins, the edge alone decides. Without an endpoint there are none.
 */
final class EdgeTraces {
  private static final int MILLION = 1_000_000;

  private EdgeTraces() {}

  /** Of the listener for clients. What a route does not {@linkplain #sampling ask for} is not traced. */
  static String tracer(EdgeSettings settings) {
    URI endpoint = settings.trace().endpoint();
    if (endpoint == null) {
      return "";
    }
    return """
        tracing:
          client_sampling: { value: 0 }
          random_sampling: { value: 0 }
          operation: call
          provider:
            name: envoy.tracers.opentelemetry
            typed_config:
              "@type": type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig
              service_name: parley-edge
              http_service: { http_uri: { uri: %s, cluster: spans, timeout: 5s } }
              resource_detectors:
                - name: envoy.tracers.opentelemetry.resource_detectors.static_config
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.tracers.opentelemetry.resource_detectors.v3.StaticConfigResourceDetectorConfig
                    attributes: { service.instance.id: %s }
        """
        .formatted(EnvoyBootstrap.quoted(endpoint.toString()), EnvoyBootstrap.quoted(settings.name()));
  }

  /** Of a route for calls: which share of them is traced. */
  static String sampling(EdgeSettings settings) {
    return "{ client_sampling: { numerator: 0 }, random_sampling: { numerator: %d, denominator: MILLION } }"
        .formatted(Math.round(settings.trace().ratio() * MILLION));
  }

  static String cluster(EdgeSettings settings) {
    URI endpoint = settings.trace().endpoint();
    return endpoint == null ? "" : EnvoyBootstrap.clusterOf("spans", endpoint, settings);
  }
}
