package dev.parley.edge;

/**
 * A listener that tells how the edge is, for probes and Prometheus, under the paths that the other processes have. Of
 * Envoy's admin interface, which can also stop it, nothing else is reachable there. Without {@code admin-listen} there is
 * none.
 */
final class StatusListener {
  private StatusListener() {}

  private static boolean none(EdgeSettings settings) {
    return settings.adminListen() == null;
  }

  /** {@code address}: of the listener, as YAML. */
  static String listener(EdgeSettings settings, String address) {
    if (none(settings)) {
      return "";
    }
    return """
        - name: status
          %s
          per_connection_buffer_limit_bytes: 32768
          filter_chains:
            - filters:
                - name: envoy.filters.network.http_connection_manager
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                    stat_prefix: status
                    codec_type: HTTP1
                    use_remote_address: true
                    normalize_path: true
                    path_with_escaped_slashes_action: REJECT_REQUEST
                    max_request_headers_kb: 8
                    request_headers_timeout: 5s
                    stream_idle_timeout: 10s
                    common_http_protocol_options: { idle_timeout: 60s }
                    http_filters:
                      - name: envoy.filters.http.router
                        typed_config:
                          "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
                          suppress_envoy_headers: true
                    route_config:
                      name: status
                      virtual_hosts:
                        - name: all
                          domains: ["*"]
                          routes:
                            - match: { path: /livez, headers: &get [{ name: ":method", string_match: { exact: GET } }] }
                              route: { cluster: admin, timeout: 5s, prefix_rewrite: /ready }
                            - match: { path: /readyz, headers: *get }
                              route: { cluster: admin, timeout: 5s, prefix_rewrite: /ready }
                            # What was never counted is left out: a scrape stays small.
                            - match: { path: /metrics, headers: *get }
                              route: { cluster: admin, timeout: 5s, regex_rewrite: { pattern: { regex: "^.*$" }, substitution: "/stats/prometheus?usedonly" } }
        """
        .formatted(address);
  }

  static String cluster(EdgeSettings settings) {
    if (none(settings)) {
      return "";
    }
    return """
        - name: admin
          type: STATIC
          connect_timeout: 1s
          circuit_breakers:
            thresholds: [{ max_connections: 8, max_pending_requests: 8, max_requests: 8 }]
          load_assignment:
            cluster_name: admin
            endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: %d } } } }] }]
        """
        .formatted(settings.adminPort());
  }
}
