package dev.parley.chassis.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.util.Base64URL;
import com.sun.net.httpserver.HttpServer;
import dev.parley.chassis.telemetry.Telemetry;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** What an issuer's URL or a file may say instead of keys: one line says which, and keys that were good stay. */
class KeySourceIT {
  private static final int MORE_THAN_IS_READ = 2 << 20;

  private static String good = "";
  private static String keyId = "";

  @TempDir Path directory;
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger(KeySource.class);
  private volatile String said = "";
  private volatile int status = 200;
  private HttpServer issuer;

  @BeforeAll
  static void makeKeys(@TempDir Path keys) throws Exception {
    good = Files.readString(DevKeys.in(keys).jwks());
    keyId = JWKSet.parse(good).getKeys().getFirst().getKeyID();
  }

  @BeforeEach
  void start() throws IOException {
    lines.start();
    logger.addAppender(lines);
    issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    issuer.setExecutor(Executors.newCachedThreadPool(Thread.ofPlatform().daemon().factory()));
    issuer.createContext(
        "/keys",
        exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(status, 0);
            try (OutputStream body = exchange.getResponseBody()) {
              body.write(said.getBytes(StandardCharsets.UTF_8));
            }
          }
        });
    issuer.start();
    said = good;
  }

  @AfterEach
  void stop() {
    logger.detachAppender(lines);
    issuer.stop(0);
  }

  private String url() {
    return "http://127.0.0.1:" + issuer.getAddress().getPort() + "/keys";
  }

  /** What is wrong, and a word of the reason. */
  private enum Wrong {
    GARBAGE("<html>log in</html>", 200, "it is no JWK set"),
    NO_KEYS("{\"keys\":[]}", 200, "none of its 0 public keys"),
    A_SECRET(new JWKSet(new OctetSequenceKey.Builder(new byte[32]).keyID("s").build()).toString(false), 200, "none of its 0"),
    KEYS_FOR_SOMETHING_ELSE(
        new JWKSet(new OctetKeyPair.Builder(Curve.X25519, Base64URL.encode(new byte[32])).keyID("x").build()).toString(),
        200,
        "none of its 1 public keys"),
    HUGE("x".repeat(2 << 20), 200, "1048576"),
    REFUSED("no", 503, "status 503");

    private final String said;
    private final int status;
    private final String why;

    Wrong(String said, int status, String why) {
      this.said = said;
      this.status = status;
      this.why = why;
    }
  }

  private void say(Wrong wrong) {
    said = wrong.said;
    status = wrong.status;
  }

  @ParameterizedTest
  @EnumSource
  void withoutAKeyNothingStartsAndTheMessageSaysWhereAndWhy(Wrong wrong) {
    say(wrong);
    assertThatThrownBy(() -> KeySource.of(url()))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("the issuer's public keys cannot be read from " + url() + ": ")
        .hasMessageContaining(wrong.why)
        .hasMessageContaining("auth.jwks must name");
  }

  @ParameterizedTest
  @EnumSource
  void keysThatWereGoodStayWhenTheIssuerSaysSomethingElse(Wrong wrong) throws Exception {
    try (KeySource source = KeySource.of(url())) {
      KeySource.Keys before = source.keys();
      say(wrong);
      source.reload();

      assertThat(source.keys()).isSameAs(before);
      assertThat(warnings())
          .singleElement()
          .satisfies(
              line ->
                  assertThat(line)
                      .startsWith("token keys cannot be read again from " + url() + ": ")
                      .contains(wrong.why, "stay in use: [" + keyId + "]"));
    }
  }

  @Test
  void anIssuerThatIsNotThereIsNamed() throws Exception {
    String url = url();
    try (KeySource source = KeySource.of(url)) {
      issuer.stop(0);
      source.reload();
      assertThat(warnings()).singleElement().asString().contains(url, "nobody can be reached there");
      assertThat(source.keys().set().getKeyByKeyId(keyId)).isNotNull();
    }
    assertThatThrownBy(() -> KeySource.of(url)).hasMessageContaining(url + ": nobody can be reached there");
  }

  @Test
  void anAnswerThatNeverEndsHoldsNobodyForEver() {
    issuer.createContext(
        "/endless",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write('{');
          exchange.getResponseBody().flush();
        });
    assertThatThrownBy(() -> KeySource.of(url().replace("keys", "endless"))).hasMessageContaining("did not end within");
  }

  @Test
  void aFileThatIsMissingHugeOrNoUrlAtAllIsNamed() throws Exception {
    Path missing = directory.resolve("jwks.json");
    assertThatThrownBy(() -> KeySource.of(missing.toString())).hasMessageContaining(missing + ": there is no such file");

    Path huge = Files.writeString(directory.resolve("huge.json"), "x".repeat(MORE_THAN_IS_READ));
    assertThatThrownBy(() -> KeySource.of(huge.toUri().toString())).hasMessageContaining("larger than 1048576 bytes");
    assertThatThrownBy(() -> KeySource.of("https://issuer example/keys")).hasMessageContaining("auth.jwks is no URL");
    assertThatThrownBy(() -> KeySource.of("ftp://issuer/keys")).hasMessageContaining("not from ftp://issuer/keys");
  }

  @ParameterizedTest
  @ValueSource(strings = {"file://etc/jwks.json", "https:///keys", "https:/issuer/keys", "file:///etc/%00"})
  void whatOnlyLooksLikeAnAddressIsNamed(String location) {
    assertThatThrownBy(() -> KeySource.of(location))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("auth.jwks is no URL of a key set: " + location);
  }

  @Test
  void aPathWithAColonIsAFileAndAHostThatNobodyKnowsIsNamed() {
    assertThatThrownBy(() -> KeySource.of("/a:/b")).hasMessageContaining("/a:/b: there is no such file");
    assertThatThrownBy(() -> KeySource.of("http://issuer.invalid/keys")).hasMessageContaining("its host is not known");
  }

  @Test
  void theAgeIsThatOfTheLastGoodReading() throws Exception {
    InMemoryMetricReader reader = InMemoryMetricReader.create();
    try (Telemetry telemetry = Telemetry.to(reader, "test", "one");
        KeySource source = KeySource.of(url())) {
      source.measure(telemetry.meter());
      long read = System.nanoTime();
      say(Wrong.GARBAGE);
      source.reload();
      double since = secondsSince(read);
      assertThat(age(reader)).isGreaterThanOrEqualTo(since);

      said = good;
      status = 200;
      long before = System.nanoTime();
      source.reload();
      assertThat(age(reader)).isLessThanOrEqualTo(secondsSince(before));
    }
  }

  private static double secondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }

  private static double age(InMemoryMetricReader reader) {
    return reader.collectAllMetrics().stream()
        .filter(metric -> metric.getName().equals("parley.token.keys.age"))
        .flatMap(metric -> metric.getDoubleGaugeData().getPoints().stream())
        .findAny()
        .orElseThrow()
        .getValue();
  }

  @Test
  void aSetThatLosesTheKeyInUseIsSaidWithBothAndSoIsATokenThatNamesIt() throws Exception {
    try (KeySource source = KeySource.of(url())) {
      String other = Files.readString(DevKeys.in(directory).jwks());
      String otherId = JWKSet.parse(other).getKeys().getFirst().getKeyID();
      said = other;
      source.reload();
      assertThat(messages(Level.INFO))
          .contains(
              "token keys of " + url() + " have changed from [" + keyId + "] to [" + otherId
                  + "]: tokens of a key that is gone are refused from now on");

      source.reloadFor(keyId);
      source.reloadFor(keyId);
      assertThat(warnings()).singleElement().asString().contains(url(), "[" + otherId + "]").doesNotContain(keyId);
    }
  }

  private List<String> warnings() {
    return messages(Level.WARN);
  }

  private List<String> messages(Level level) {
    return lines.list.stream().filter(line -> line.getLevel() == level).map(ILoggingEvent::getFormattedMessage).toList();
  }
}
