package dev.parley.edge;

/** The way to the dispatchers, if there are any: they manage devices, dead letters and webhooks. */
final class DispatcherRoutes {
  private DispatcherRoutes() {}

  private static boolean none(EdgeSettings settings) {
    return settings.dispatchers().isEmpty();
  }

  /** Before the routers' own. */
  static String routes(EdgeSettings settings) {
    if (none(settings)) {
      return "";
    }
    return """
        - match: { safe_regex: { regex: "^/parley\\\\.v1\\\\.(Push|Webhook)Service/.*" } }
          tracing: %s
          route:
            cluster: dispatchers
            timeout: 15s
        """
        .formatted(EdgeTraces.sampling(settings));
  }

  /** {@code endpoints}: as a list in YAML. */
  static String cluster(EdgeSettings settings, String endpoints) {
    if (none(settings)) {
      return "";
    }
    return """
        - name: dispatchers
          cluster_type:
            name: envoy.cluster.dns
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster
              dns_refresh_rate: 5s
          connect_timeout: 2s
          lb_policy: LEAST_REQUEST
          common_lb_config: { healthy_panic_threshold: { value: 0 } }
          circuit_breakers:
            thresholds: [{ max_retries: 1024 }]
          health_checks:
            - timeout: 1s
              interval: 1s
              no_traffic_interval: 1s
              unhealthy_threshold: 2
              healthy_threshold: 1
              grpc_health_check: {}
          typed_extension_protocol_options:
            envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
              "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
              explicit_http_config: { http2_protocol_options: {} }
          load_assignment:
            cluster_name: dispatchers
            endpoints:
              - lb_endpoints:
        %s
        """
        .formatted(endpoints.indent(10).stripTrailing());
  }
}
