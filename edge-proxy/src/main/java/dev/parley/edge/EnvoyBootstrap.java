package dev.parley.edge;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Fills the template {@code envoy.yaml} with the settings of an installation. */
public final class EnvoyBootstrap {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{(\\w+)}}");

  private EnvoyBootstrap() {}

  /**
   * Writes {@code envoy.yaml}, and the files that it names, into a directory.
   *
   * @return the bootstrap
   */
  static Path write(EdgeSettings settings, Path directory) throws IOException {
    Path secret = Files.writeString(directory.resolve("certificate.yaml"), ServerCertificate.secret(settings));
    return Files.writeString(directory.resolve("envoy.yaml"), render(settings, secret));
  }

  /** The bootstrap, as YAML. File names are made absolute. {@code secret}: the file that names the certificate. */
  static String render(EdgeSettings settings, Path secret) {
    HostPort listen = HostPort.parse(settings.listen());
    Map<String, String> values =
        Map.ofEntries(
            Map.entry("name", quoted(settings.name())),
            Map.entry("admin_port", Integer.toString(settings.adminPort())),
            Map.entry("max_connections", Integer.toString(settings.maxConnections())),
            Map.entry("listen_address", quoted(listen.host())),
            Map.entry("listen_port", Integer.toString(listen.port())),
            Map.entry("secret", quoted(secret)),
            Map.entry("stream_idle_timeout", settings.streamIdleTimeout().toSeconds() + "s"),
            Map.entry("streams_per_connection", Integer.toString(settings.streamsPerConnection())),
            Map.entry("local_replies", indented(20, LocalReplies.yaml())),
            Map.entry("token_rules", indented(26, tokenRules(settings))),
            Map.entry("alpn_protocols", GatewayRoutes.alpnProtocols(settings)),
            Map.entry("codec_type", GatewayRoutes.codecType(settings)),
            Map.entry("gateway_token_rules", indented(24, GatewayRoutes.tokenRules(settings))),
            Map.entry("gateway_routes", indented(24, GatewayRoutes.routes(settings))),
            Map.entry("gateway_cluster", indented(4, GatewayRoutes.cluster(settings, addresses(settings.gateways())))),
            Map.entry("dispatcher_routes", indented(24, DispatcherRoutes.routes(settings))),
            Map.entry("dispatcher_cluster", indented(4, DispatcherRoutes.cluster(settings, addresses(settings.dispatchers())))),
            Map.entry("routers", indented(14, routers(settings))),
            Map.entry("status_listener", indented(4, StatusListener.listener(settings, statusAddress(settings)))),
            Map.entry("status_cluster", indented(4, StatusListener.cluster(settings))),
            Map.entry("tracer", indented(16, EdgeTraces.tracer(settings))),
            Map.entry("sampling", EdgeTraces.sampling(settings)),
            Map.entry("spans_cluster", indented(4, EdgeTraces.cluster(settings))),
            Map.entry("jwks_cluster", isRemote(settings) ? indented(4, jwksCluster(settings)) : ""));
    return PLACEHOLDER.matcher(template()).replaceAll(m -> Matcher.quoteReplacement(value(values, m.group(1))));
  }

  private static String value(Map<String, String> values, String name) {
    String value = values.get(name);
    if (value == null) {
      throw new IllegalStateException("the template asks for " + name + ", which nobody provides");
    }
    return value;
  }

  private static String template() {
    try (InputStream in = EnvoyBootstrap.class.getResourceAsStream("envoy.yaml")) {
      if (in == null) {
        throw new IllegalStateException("envoy.yaml is missing beside this class");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String tokenRules(EdgeSettings settings) {
    StringBuilder rules = new StringBuilder();
    if (settings.issuer() != null) {
      rules.append("issuer: ").append(quoted(settings.issuer())).append('\n');
    }
    if (settings.audience() != null) {
      rules.append("audiences: [").append(quoted(settings.audience())).append("]\n");
    }
    if (isRemote(settings)) {
      rules.append(
          """
          remote_jwks:
            http_uri: { uri: %s, cluster: jwks, timeout: 5s }
            # Read before the first client comes, and again in the background: nobody waits for the issuer.
            async_fetch: {}
            cache_duration: 300s
          """
              .formatted(quoted(settings.jwks())));
    } else {
      rules.append("local_jwks: { filename: ").append(quoted(Path.of(settings.jwks()))).append(" }");
    }
    return rules.toString();
  }

  private static boolean isRemote(EdgeSettings settings) {
    return settings.jwks().startsWith("http://") || settings.jwks().startsWith("https://");
  }

  private static String jwksCluster(EdgeSettings settings) {
    return clusterOf("jwks", URI.create(settings.jwks()), settings);
  }

  /** A cluster of this name for the server of an http(s) URL. */
  static String clusterOf(String name, URI uri, EdgeSettings settings) {
    boolean tls = uri.getScheme().equals("https");
    int port = uri.getPort() >= 0 ? uri.getPort() : tls ? 443 : 80;
    String cluster =
        """
        - name: %1$s
          type: STRICT_DNS
          connect_timeout: 5s
          load_assignment:
            cluster_name: %1$s
            endpoints: [{ lb_endpoints: [{ endpoint: %2$s }] }]
        """
            .formatted(name, new HostPort(uri.getHost(), port).address());
    if (!tls) {
      return cluster;
    }
    return cluster
        + """
          transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
              sni: %1$s
              common_tls_context:
                validation_context:
                  trusted_ca: { filename: %2$s }
                  match_typed_subject_alt_names: [{ san_type: DNS, matcher: { exact: %1$s } }]
        """
            .formatted(quoted(uri.getHost()), quoted(settings.jwksAuthorities()));
  }

  private static String statusAddress(EdgeSettings settings) {
    return settings.adminListen() == null ? "" : HostPort.parse(settings.adminListen()).socket();
  }

  private static String addresses(List<String> of) {
    return of.stream()
        .map(address -> "- endpoint: " + HostPort.parse(address).address())
        .collect(Collectors.joining("\n"));
  }

  private static String routers(EdgeSettings settings) {
    return settings.routers().stream().map(EnvoyBootstrap::router).collect(Collectors.joining("\n"));
  }

  private static String router(String router) {
    int slash = router.indexOf('/');
    if (slash < 0) {
      return "- endpoint: " + HostPort.parse(router).address();
    }
    HostPort service = HostPort.parse(router.substring(0, slash));
    int healthPort = Integer.parseInt(router.substring(slash + 1));
    return "- endpoint: { %s, health_check_config: { port_value: %d } }".formatted(service.socket(), healthPort);
  }

  private static String indented(int spaces, String block) {
    return block.strip().indent(spaces).stripTrailing();
  }

  /** An absolute file name as a double-quoted YAML scalar. */
  static String quoted(Path file) {
    return quoted(file.toAbsolutePath().toString());
  }

  /** A double-quoted YAML scalar. */
  static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
  }

  private record HostPort(String host, int port) {
    static HostPort parse(String text) {
      int colon = text.lastIndexOf(':');
      try {
        return new HostPort(text.substring(0, Math.max(0, colon)), Integer.parseInt(text.substring(colon + 1)));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("'" + text + "' is no address: write host:port", e);
      }
    }

    String socket() {
      return "address: { socket_address: { address: " + quoted(host) + ", port_value: " + port + " } }";
    }

    String address() {
      return "{ " + socket() + " }";
    }
  }
}
