package dev.parley.edge;

/**
 * What the edge does for browsers if there are gateways; without any, nothing of it stands in the configuration. What
 * gRPC clients meet is the same either way.
 */
final class GatewayRoutes {
  /** The page's files: names of one part. */
  private static final String FILES = "^/([a-z0-9-]+\\\\.(html|css|js|svg))?$";

  private GatewayRoutes() {}

  private static boolean none(EdgeSettings settings) {
    return settings.gateways().isEmpty();
  }

  /** Browsers open WebSockets over HTTP/1.1 where HTTP/2 does not offer them. */
  static String alpnProtocols(EdgeSettings settings) {
    return none(settings) ? "[h2]" : "[h2, http/1.1]";
  }

  static String codecType(EdgeSettings settings) {
    return none(settings) ? "HTTP2" : "AUTO";
  }

  static String tokenRules(EdgeSettings settings) {
    if (none(settings)) {
      return "";
    }
    return """
        # A browser cannot set a header for a socket, and the page is for everybody: the router checks the token of each
        # socket and call. A call in JSON is let through too, so that its refusal is JSON. These are the conditions of the
        # routes to the gateways: what needs no token here goes nowhere else.
        - match: { path: /ws }
        - match: { safe_regex: { regex: "%s" } }
        - match:
            prefix: /parley.v1.
            headers: [{ name: content-type, string_match: { prefix: application/json, ignore_case: true } }]
        """
        .formatted(FILES);
  }

  static String routes(EdgeSettings settings) {
    if (none(settings)) {
      return "";
    }
    return """
        # The gateway asks a silent socket for a sign of life every 20 s.
        - match: { path: /ws }
          route:
            cluster: gateways
            timeout: 0s
            idle_timeout: %ss
            max_stream_duration: { max_stream_duration: 0s }
            upgrade_configs: [{ upgrade_type: websocket }]
        - match:
            prefix: /parley.v1.
            headers: [{ name: content-type, string_match: { prefix: application/json, ignore_case: true } }]
          tracing: %s
          # The gateway itself answers after 15 s.
          route: { cluster: gateways, timeout: 20s }
        - match: { safe_regex: { regex: "%s" } }
          route: { cluster: gateways, timeout: 15s }
        """
        .formatted(settings.streamIdleTimeout().toSeconds(), EdgeTraces.sampling(settings), FILES);
  }

  /** {@code endpoints}: as a list in YAML. */
  static String cluster(EdgeSettings settings, String endpoints) {
    if (none(settings)) {
      return "";
    }
    return """
        - name: gateways
          cluster_type:
            name: envoy.cluster.dns
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster
              dns_refresh_rate: 5s
          connect_timeout: 2s
          lb_policy: LEAST_REQUEST
          common_lb_config: { healthy_panic_threshold: { value: 0 } }
          # One that leaves closes its sockets itself.
          close_connections_on_host_health_failure: false
          health_checks:
            - timeout: 1s
              interval: 1s
              no_traffic_interval: 1s
              unhealthy_threshold: 2
              healthy_threshold: 1
              http_health_check: { path: /readyz }
          circuit_breakers:
            # Each socket is a connection and a request.
            thresholds: [{ max_connections: 20000, max_pending_requests: 20000, max_requests: 20000, max_retries: 20000 }]
          # What a slow reader may make us hold, each way.
          per_connection_buffer_limit_bytes: 65536
          typed_extension_protocol_options:
            envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
              "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
              # Shorter than the time after which the gateway closes a connection on which nothing is asked.
              common_http_protocol_options: { idle_timeout: 60s }
              explicit_http_config: { http_protocol_options: {} }
          load_assignment:
            cluster_name: gateways
            endpoints:
              - lb_endpoints:
        %s
        """
        .formatted(endpoints.indent(10).stripTrailing());
  }
}
