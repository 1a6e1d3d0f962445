package dev.parley.chassis.server;

import dev.parley.chassis.config.Setting;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How a gRPC server listens and what it lets one connection do. */
public record ServerSettings(
    @Setting(value = "127.0.0.1:8700", doc = "Address and port to listen on; port 0 takes a free one.")
    String listen,
    @Setting(value = "0", doc = "Event loops; 0: one a processor. All work of a stream stays on its loop.")
    int loops,
    @Setting(doc = "Certificate chain (PEM). Without it the server speaks plaintext: for loopback and meshes only.")
    @Nullable Path tlsCertificate,
    @Setting(doc = "Private key of the certificate (PKCS#8 PEM).")
    @Nullable Path tlsKey,
    @Setting(doc = "Authorities (PEM) one of which must have signed the client's certificate; none: any client.")
    @Nullable Path tlsClientAuthorities,
    @Setting(value = "10s", doc = "How often the three files are looked at. New ones hold for new connections; open ones stay.")
    Duration tlsReload,
    @Setting(value = "256KiB", doc = "The largest message of a client, in bytes: a page of cursors, with room.")
    int messageBytes,
    @Setting(value = "16KiB", doc = "The largest headers of a call, in bytes: a token of 8 KiB, with room.")
    int headerBytes,
    @Setting(value = "10000", doc = "Open calls on one connection. The edge multiplexes many clients over one.")
    int callsPerConnection,
    @Setting(
        value = "20000",
        doc = "RST_STREAM frames that one connection may send in 10 s before it is cut (CVE-2023-44487). The edge resets"
            + " a stream for each client that vanishes: twice the calls, so that a crowd that leaves cuts nobody else.")
    int resetsPerWindow,
    @Setting(value = "1MiB", doc = "HTTP/2 flow-control window of connection and stream, in bytes.")
    int flowControlWindow,
    @Setting(value = "10s", doc = "The shortest time between two keepalive pings of a client.")
    Duration keepAlivePermitted) {
  /** The most event loops: who follows what is kept as one bit a loop. */
  public static final int MAX_LOOPS = 64;

  /** The window of {@link #resetsPerWindow}. */
  static final int RESET_WINDOW_SECONDS = 10;

  /** Checks what belongs together. */
  public ServerSettings {
    if (loops < 0 || loops > MAX_LOOPS) {
      throw new IllegalArgumentException("loops must be 0 to " + MAX_LOOPS + ", not " + loops);
    }
    if ((tlsCertificate == null) != (tlsKey == null)) {
      throw new IllegalArgumentException("tls-certificate and tls-key belong together: set both or none");
    }
    if (tlsReload.isZero() || tlsReload.isNegative()) {
      throw new IllegalArgumentException("tls-reload must be a time above zero");
    }
    if (tlsClientAuthorities != null && tlsCertificate == null) {
      throw new IllegalArgumentException("tls-client-authorities needs tls-certificate and tls-key");
    }
  }
}
