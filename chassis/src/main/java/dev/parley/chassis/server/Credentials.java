package dev.parley.chassis.server;

import io.grpc.InsecureServerCredentials;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableLongGauge;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How a server proves who it is, and what it wants of clients. The files are looked at again at intervals: handshakes use
 * what is new from then on, and connections that are open stay. When the certificate in use ends is told as a metric.
 * Thread-safe.
 */
final class Credentials implements AutoCloseable {
  private final ServerCredentials grpc;
  private final ObservableLongGauge end;
  private final @Nullable ScheduledExecutorService looking;

  private Credentials(
      ServerCredentials grpc, ObservableLongGauge end, @Nullable ScheduledExecutorService looking) {
    this.grpc = grpc;
    this.end = end;
    this.looking = looking;
  }

  /**
   * As the settings say.
   *
   * @throws IOException if a file cannot be used; the message names it
   */
  static Credentials of(ServerSettings settings, Meter meter) throws IOException {
    Path certificate = settings.tlsCertificate();
    Path key = settings.tlsKey();
    if (certificate == null || key == null) {
      return new Credentials(InsecureServerCredentials.create(), end(meter, null), null);
    }
    TlsFiles files = TlsFiles.read(certificate, key, settings.tlsClientAuthorities());
    TlsServerCredentials.Builder tls = TlsServerCredentials.newBuilder().keyManager(files.identity());
    if (settings.tlsClientAuthorities() != null) {
      tls.trustManager(files.trusted()).clientAuth(TlsServerCredentials.ClientAuth.REQUIRE);
    }
    ScheduledExecutorService looking =
        Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("certificates").factory());
    long millis = settings.tlsReload().toMillis();
    var unused = looking.scheduleWithFixedDelay(files::look, millis, millis, TimeUnit.MILLISECONDS);
    return new Credentials(tls.build(), end(meter, files), looking);
  }

  /** Without files there is the instrument, and no sample. */
  private static ObservableLongGauge end(Meter meter, @Nullable TlsFiles files) {
    return meter
        .gaugeBuilder("parley.certificate.expiration.timestamp")
        .ofLongs()
        .setUnit("s")
        .setDescription("The earliest end among the certificates of the chain in use, in seconds since 1970")
        .buildWithCallback(
            gauge -> {
              if (files != null) {
                gauge.record(files.end().getEpochSecond());
              }
            });
  }

  ServerCredentials grpc() {
    return grpc;
  }

  @Override
  public void close() {
    end.close();
    if (looking != null) {
      looking.shutdownNow();
    }
  }
}
