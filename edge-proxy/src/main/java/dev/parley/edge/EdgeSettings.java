package dev.parley.edge;

import dev.parley.chassis.config.Setting;
import dev.parley.chassis.config.SettingsPrefix;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What of the edge differs between installations. */
@SettingsPrefix("parley.edge")
public record EdgeSettings(
    @Setting(value = "edge-1", doc = "The name of this edge, as in traces.")
    String name,
    @Setting(value = "127.0.0.1:8443", doc = "Address and port for clients.")
    String listen,
    @Setting(value = "9901", doc = "Port of Envoy's admin interface, on the loopback address only.")
    int adminPort,
    @Setting(doc = "Address and port of /livez, /readyz and /metrics, plaintext, for probes and Prometheus; none: none.")
    @Nullable String adminListen,
    @Setting(doc = "Certificate chain (PEM) that clients see. Read anew, like its key, when a file is renamed into its directory.")
    Path certificate,
    @Setting(doc = "Private key (PEM) of the certificate.")
    Path key,
    @Setting(doc = "Public keys of the token issuer (JWK set): a file, or an http(s) URL that is read every 5 minutes.")
    String jwks,
    @Setting(
        value = "/etc/ssl/certs/ca-certificates.crt",
        doc = "Authorities (PEM), one of which must have signed the certificate of an https issuer or collector of spans.")
    Path jwksAuthorities,
    @Setting(doc = "The issuer (iss) that tokens must name; none: any.")
    @Nullable String issuer,
    @Setting(doc = "The audience (aud) that tokens must name; none: any.")
    @Nullable String audience,
    @Setting(value = "127.0.0.1:8700", doc = "Routers, as host:port, or host:port/health-port where health is apart.")
    List<String> routers,
    @Setting(value = "", doc = "Gateways for browsers, as host:port; none: the edge speaks gRPC over HTTP/2 and nothing else.")
    List<String> gateways,
    @Setting(value = "", doc = "Dispatchers, as host:port; none: there are no pushes and no webhooks to be managed.")
    List<String> dispatchers,
    @Setting(value = "0", doc = "Worker threads; 0: one a processor.")
    int concurrency,
    @Setting(value = "12000", doc = "Open connections of clients, at some 57 KiB each.")
    int maxConnections,
    @Setting(value = "70s", doc = "A stream on which nothing was said for so long is dead: over three heartbeats of 20 s.")
    Duration streamIdleTimeout,
    @Setting(value = "10000", doc = "Streams on one connection to a router; at most what the router allows.")
    int streamsPerConnection,
    @Setting(doc = "Which calls are traced, and where the spans go.")
    TraceSettings trace) {
  private static final Duration THREE_HEARTBEATS = Duration.ofSeconds(60);

  /** Which calls are traced, and where the spans go. */
  public record TraceSettings(
      @Setting(doc = "Where spans are sent by OTLP over HTTP, as http://collector:4318/v1/traces; unset: nowhere.")
      @Nullable URI endpoint,
      @Setting(
          value = "0",
          doc = "Of which share of the calls a trace is made, 0 to 1. What a client says of a trace is not believed.")
      double ratio) {
    /** Checks the endpoint and the share. */
    public TraceSettings {
      if (endpoint != null && (endpoint.getHost() == null || !List.of("http", "https").contains(endpoint.getScheme()))) {
        throw new IllegalArgumentException("endpoint must be an http(s) URL with a host, not " + endpoint);
      }
      if (!(ratio >= 0 && ratio <= 1)) {
        throw new IllegalArgumentException("ratio must be 0 to 1, not " + ratio);
      }
    }
  }

  /** Checks what would break quietly. */
  public EdgeSettings {
    if (routers.isEmpty()) {
      throw new IllegalArgumentException("routers must name at least one router");
    }
    if (streamIdleTimeout.compareTo(THREE_HEARTBEATS) < 0) {
      throw new IllegalArgumentException("stream-idle-timeout must be three heartbeats or more: 60s");
    }
  }
}
