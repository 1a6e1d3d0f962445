package dev.parley.dispatcher.http;

import dev.parley.chassis.config.Setting;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What requests to addresses that others have named may reach, and cost. */
public record HttpSettings(
    @Setting(
        value = "",
        doc = "Networks that may be reached although they are not public, as 10.1.0.0/16, separated by commas.")
    List<String> allowedNetworks,
    @Setting(value = "false", doc = "Whether http is allowed besides https. For development.")
    boolean plainHttp,
    @Setting(doc = "Certificates (PEM) that are trusted besides those of the JVM. For development.")
    @Nullable Path caFile,
    @Setting(value = "3s", doc = "How long connecting may take, and so may the TLS handshake.")
    Duration connectTimeLimit,
    @Setting(value = "10s", doc = "How long a request may take in all, from looking up the name on.")
    Duration timeLimit,
    @Setting(
        value = "256",
        doc = "Connections to one host and port at most. Several endpoints may be there: with fewer than there may be"
            + " requests, one that is slow makes the others wait.")
    int connectionsPerRoute,
    @Setting(value = "512", doc = "Connections at most.")
    int connections) {
  /** Checks that every limit is one, and every network too. */
  public HttpSettings {
    allowedNetworks = List.copyOf(allowedNetworks);
    allowedNetworks.forEach(Network::parse);
    if (connectTimeLimit.toMillis() < 1 || timeLimit.toMillis() < 1) {
      throw new IllegalArgumentException("time limits must be at least 1ms");
    }
    if (connectionsPerRoute < 1 || connections < connectionsPerRoute) {
      throw new IllegalArgumentException("connections-per-route must be 1 to connections, which is " + connections);
    }
  }
}
