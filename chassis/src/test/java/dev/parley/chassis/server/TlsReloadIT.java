package dev.parley.chassis.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.auth.KeySource;
import dev.parley.chassis.auth.Revocations;
import dev.parley.chassis.auth.TokenVerifier;
import dev.parley.chassis.config.Setting;
import dev.parley.chassis.config.Settings;
import dev.parley.chassis.config.SettingsPrefix;
import dev.parley.chassis.telemetry.Scrape;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.chassis.telemetry.TelemetrySettings;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server whose certificate is renewed while it runs. */
class TlsReloadIT {
  @SettingsPrefix("parley.it")
  record ItSettings(ServerSettings server, @Setting(value = "0", doc = "Nothing.") int nothing) {}

  private static final Duration SHORT = Duration.ofDays(10);
  private static final Duration LONG = Duration.ofDays(90);

  @TempDir Path directory;
  private final Telemetry telemetry =
      Telemetry.of(Settings.defaults(TelemetrySettings.class), null, true, "parley-it", "one");
  private KeySource source;
  private X509Bundle first;
  private GrpcServer server;
  private final List<ManagedChannel> channels = new CopyOnWriteArrayList<>();

  @BeforeEach
  void start() throws Exception {
    source = KeySource.of(DevKeys.in(directory.resolve("keys")).jwks().toString());
    write(certificate(), certificate());
    assertThatThrownBy(this::serve).isInstanceOf(IOException.class).hasMessageContaining("is no certificate of the key");
    first = certificate();
    write(first, first);
    server = serve();
  }

  @AfterEach
  void stop() {
    channels.forEach(ManagedChannel::shutdownNow);
    server.close();
    source.close();
    telemetry.close();
  }

  private GrpcServer serve(String... more) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--parley.it.server.listen=127.0.0.1:0",
                "--parley.it.server.loops=1",
                "--parley.it.server.tls-certificate=" + directory.resolve("server.pem"),
                "--parley.it.server.tls-key=" + directory.resolve("server.key"),
                "--parley.it.server.tls-reload=20ms"));
    arguments.addAll(List.of(more));
    ServerSettings settings = Settings.load(ItSettings.class, Map.of(), arguments).server();
    return GrpcServer.builder(settings)
        .auth(new TokenVerifier(source, DevKeys.RULES, Revocations.NONE, Clock.systemUTC()))
        .telemetry(telemetry)
        .start();
  }

  private static X509Bundle certificate() throws Exception {
    return ending(LONG).buildSelfSigned();
  }

  private static CertificateBuilder ending(Duration later) {
    return new CertificateBuilder()
        .algorithm(CertificateBuilder.Algorithm.ecp256)
        .subject("CN=localhost")
        .addSanIpAddress("127.0.0.1")
        .setIsCertificateAuthority(true)
        .notAfter(Instant.now().plus(later));
  }

  /** The metric of when the certificate ends, as Prometheus is told it. */
  private List<Double> toldEnd() throws IOException {
    Scrape scrape = Objects.requireNonNull(telemetry.scrape());
    return new String(scrape.page(null).body(), StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.startsWith("parley_certificate_expiration_timestamp_seconds"))
        .map(line -> Double.valueOf(line.substring(line.lastIndexOf(' '))))
        .toList();
  }

  private static double end(X509Bundle bundle) {
    return bundle.getCertificate().getNotAfter().getTime() / 1000.0;
  }

  private void write(X509Bundle certificate, X509Bundle key) throws IOException {
    Files.writeString(directory.resolve("server.pem"), certificate.getCertificatePEM());
    Files.writeString(directory.resolve("server.key"), key.getPrivateKeyPEM());
  }

  /** A new connection by a client that trusts this certificate and no other. */
  private ManagedChannel channel(X509Bundle trusted) throws IOException {
    Path file = Files.createTempFile(directory, "trusted", ".pem");
    Files.writeString(file, trusted.getCertificatePEM());
    ManagedChannel channel =
        Grpc.newChannelBuilder(
                "127.0.0.1:" + server.port(), TlsChannelCredentials.newBuilder().trustManager(file.toFile()).build())
            .build();
    channels.add(channel);
    return channel;
  }

  private boolean accepts(X509Bundle trusted) throws IOException {
    return answers(channel(trusted));
  }

  /** Whether a client that shows this certificate is taken. */
  private boolean takes(X509Bundle shown) throws IOException {
    Path trusted = Files.writeString(directory.resolve("trusted.pem"), first.getCertificatePEM());
    Path certificate = Files.writeString(directory.resolve("client.pem"), shown.getCertificatePEM());
    Path key = Files.writeString(directory.resolve("client.key"), shown.getPrivateKeyPEM());
    ManagedChannel channel =
        Grpc.newChannelBuilder(
                "127.0.0.1:" + server.port(),
                TlsChannelCredentials.newBuilder()
                    .trustManager(trusted.toFile())
                    .keyManager(certificate.toFile(), key.toFile())
                    .build())
            .build();
    channels.add(channel);
    return answers(channel);
  }

  private static boolean answers(ManagedChannel channel) {
    try {
      return HealthGrpc.newBlockingStub(channel)
              .withDeadlineAfter(5, TimeUnit.SECONDS)
              .check(HealthCheckRequest.getDefaultInstance())
              .getStatus()
          != ServingStatus.UNRECOGNIZED;
    } catch (io.grpc.StatusRuntimeException e) {
      return false;
    } finally {
      channel.shutdownNow();
    }
  }

  /** What comes on a stream, and how it ends. */
  private static final class Stream extends ClientCall.Listener<HealthCheckResponse> {
    private final List<ServingStatus> heard = new CopyOnWriteArrayList<>();
    private final List<Status> ends = new CopyOnWriteArrayList<>();
    private final ClientCall<HealthCheckRequest, HealthCheckResponse> call;

    Stream(ManagedChannel channel) {
      call = channel.newCall(HealthGrpc.getWatchMethod(), CallOptions.DEFAULT);
      call.start(this, new Metadata());
      call.sendMessage(HealthCheckRequest.getDefaultInstance());
      call.halfClose();
      call.request(10);
    }

    @Override
    public void onMessage(HealthCheckResponse response) {
      heard.add(response.getStatus());
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      ends.add(status);
    }
  }

  @Test
  void aNewCertificateHoldsForNewConnectionsAndOpenStreamsStay() throws Exception {
    X509Bundle second = certificate();
    assertThat(accepts(first)).isTrue();
    assertThat(accepts(second)).isFalse();
    Stream open = new Stream(channel(first));
    await().untilAsserted(() -> assertThat(open.heard).containsExactly(ServingStatus.NOT_SERVING));

    write(second, second);

    await().until(() -> accepts(second));
    assertThat(accepts(first)).isFalse();
    server.ready();
    await()
        .untilAsserted(() -> assertThat(open.heard).containsExactly(ServingStatus.NOT_SERVING, ServingStatus.SERVING));
    assertThat(open.ends).isEmpty();

    // Half of what is new, or nothing of use: the server goes on with what it has.
    write(first, second);
    Files.writeString(directory.resolve("server.key"), "no key");
    assertThat(accepts(second)).isTrue();
    write(first, first);
    await().until(() -> accepts(first));
    assertThat(open.ends).isEmpty();
  }

  @Test
  void whenTheCertificateInUseEndsIsToldWithTheMetrics() throws Exception {
    assertThat(toldEnd()).containsExactly(end(first));

    X509Bundle authority = ending(SHORT).buildSelfSigned();
    X509Bundle signed = ending(LONG).buildIssuedBy(authority);
    Files.writeString(directory.resolve("server.pem"), signed.getCertificatePEM() + authority.getCertificatePEM());
    Files.writeString(directory.resolve("server.key"), signed.getPrivateKeyPEM());

    await().untilAsserted(() -> assertThat(toldEnd()).as("of the one that ends first").containsExactly(end(authority)));

    server.close();
    assertThat(toldEnd()).isEmpty();
    server =
        GrpcServer.builder(Settings.load(ItSettings.class, Map.of(), List.of("--parley.it.server.listen=127.0.0.1:0")).server())
            .auth(new TokenVerifier(source, DevKeys.RULES, Revocations.NONE, Clock.systemUTC()))
            .telemetry(telemetry)
            .start();
    assertThat(toldEnd()).as("plaintext").isEmpty();
  }

  @Test
  void clientsNeedACertificateOfTheAuthoritiesThatTheFileNamesNow() throws Exception {
    X509Bundle ann = certificate();
    X509Bundle ben = certificate();
    Path authorities = Files.writeString(directory.resolve("authorities.pem"), ann.getCertificatePEM());
    server.close();
    server = serve("--parley.it.server.tls-client-authorities=" + authorities);
    assertThat(takes(ann)).isTrue();
    assertThat(takes(ben)).isFalse();
    assertThat(accepts(first)).as("a client without a certificate").isFalse();

    Files.writeString(authorities, ben.getCertificatePEM());

    await().until(() -> takes(ben));
    assertThat(takes(ann)).isFalse();
  }
}
