package dev.parley.chassis.server;

import io.grpc.InsecureServerCredentials;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How a server proves who it is, and what it wants of clients. The files are looked at again at intervals: handshakes use
 * what is new from then on, and connections that are open stay. Thread-safe.
 */
final class Credentials implements AutoCloseable {
  private final ServerCredentials grpc;
  private final @Nullable ScheduledExecutorService looking;

  private Credentials(ServerCredentials grpc, @Nullable ScheduledExecutorService looking) {
    this.grpc = grpc;
    this.looking = looking;
  }

  /**
   * As the settings say.
   *
   * @throws IOException if a file cannot be used; the message names it
   */
  static Credentials of(ServerSettings settings) throws IOException {
    Path certificate = settings.tlsCertificate();
    Path key = settings.tlsKey();
    if (certificate == null || key == null) {
      return new Credentials(InsecureServerCredentials.create(), null);
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
    return new Credentials(tls.build(), looking);
  }

  ServerCredentials grpc() {
    return grpc;
  }

  @Override
  public void close() {
    if (looking != null) {
      looking.shutdownNow();
    }
  }
}
