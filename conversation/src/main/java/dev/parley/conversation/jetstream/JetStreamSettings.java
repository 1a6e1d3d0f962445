package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.Layout;
import dev.parley.v1.Durability;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * How a broker is reached and what is made there when it is used first.
 *
 * @param servers {@code nats://host:port} or {@code tls://host:port}; any of one cluster
 * @param login user and password; null: none
 * @param credentialsFile of a NATS user (JWT and seed); null: none
 * @param tls what to trust and to present; null: plain TCP, or the JVM's trust with {@code tls://}
 * @param monitorUrl the HTTP monitoring endpoint that tells how safe an append is; null: not asked
 * @param durability what to say of an append when the monitoring endpoint is not asked or silent
 * @param layout of the log; a log that has another one is refused
 * @param replicas of each stream: 1 on one node, 3 in a cluster
 * @param maxBytesPerShard the room of a shard; the broker reserves it
 * @param appendTimeout after it an append's outcome is unknown
 * @param requestTimeout of every other request
 */
public record JetStreamSettings(
    List<String> servers,
    @Nullable Login login,
    @Nullable Path credentialsFile,
    @Nullable SSLContext tls,
    @Nullable URI monitorUrl,
    Durability durability,
    Layout layout,
    int replicas,
    long maxBytesPerShard,
    Duration appendTimeout,
    Duration requestTimeout) {
  /** The room of a shard, unless told otherwise: 1 GiB. */
  public static final long DEFAULT_MAX_BYTES_PER_SHARD = 1L << 30;

  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(2);

  public JetStreamSettings {
    servers = List.copyOf(servers);
    if (servers.isEmpty()) {
      throw new IllegalArgumentException("no servers");
    }
    if (replicas < 1 || replicas > 5) {
      throw new IllegalArgumentException("replicas must be 1 to 5, not " + replicas);
    }
  }

  /** One node at this address, without login or TLS. */
  public JetStreamSettings(String server) {
    this(
        List.of(server),
        null,
        null,
        null,
        null,
        Durability.DURABILITY_WRITTEN,
        Layout.ONE_NODE,
        1,
        DEFAULT_MAX_BYTES_PER_SHARD,
        DEFAULT_TIMEOUT,
        DEFAULT_TIMEOUT);
  }

  /** The same with a user and password. */
  public JetStreamSettings withLogin(String user, String password) {
    return new JetStreamSettings(
        servers, new Login(user, password), credentialsFile, tls, monitorUrl, durability, layout, replicas,
        maxBytesPerShard, appendTimeout, requestTimeout);
  }

  /** The same at a cluster with these servers, with as many replicas of each stream. */
  public JetStreamSettings withCluster(List<String> servers, int replicas) {
    return new JetStreamSettings(
        servers, login, credentialsFile, tls, monitorUrl, durability, layout, replicas, maxBytesPerShard,
        appendTimeout, requestTimeout);
  }

  /** The same, asking this monitoring endpoint. */
  public JetStreamSettings withMonitorUrl(URI monitorUrl) {
    return new JetStreamSettings(
        servers, login, credentialsFile, tls, monitorUrl, durability, layout, replicas, maxBytesPerShard,
        appendTimeout, requestTimeout);
  }

  /** The same with another layout and room per shard. */
  public JetStreamSettings withLayout(Layout layout, long maxBytesPerShard) {
    return new JetStreamSettings(
        servers, login, credentialsFile, tls, monitorUrl, durability, layout, replicas, maxBytesPerShard,
        appendTimeout, requestTimeout);
  }

  /** The same with other time-outs. */
  public JetStreamSettings withTimeouts(Duration appendTimeout, Duration requestTimeout) {
    return new JetStreamSettings(
        servers, login, credentialsFile, tls, monitorUrl, durability, layout, replicas, maxBytesPerShard,
        appendTimeout, requestTimeout);
  }

  /**
   * A user and the password.
   *
   * @param user name
   * @param password never shown
   */
  public record Login(String user, String password) {
    @Override
    public String toString() {
      return "Login[" + user + "]";
    }
  }
}
