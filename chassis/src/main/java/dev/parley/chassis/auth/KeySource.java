package dev.parley.chassis.auth;

import com.nimbusds.jose.jwk.JWKSet;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableDoubleGauge;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The issuer's public keys, from a file or a URL (RFC 7517), kept fresh in the background: whoever verifies a token
 * never waits for a disk or a network.
 *
 * <p>Thread-safe. Reads again every {@link #REFRESH}, and soon after a token names a key that is not known, but not
 * more often than every {@link #MIN_REFRESH}. When that fails, or brings no key that a token could be checked with, the keys
 * stay as they are and the log says so.
 */
public final class KeySource implements AutoCloseable {
  /** How often keys are read again. */
  public static final Duration REFRESH = Duration.ofMinutes(5);

  /** What lies at least between two readings, so that forged key ids cannot make us flood the issuer. */
  public static final Duration MIN_REFRESH = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(KeySource.class);
  private static final int MAX_BYTES = 1 << 20;
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final Duration WARN_AGAIN = Duration.ofMinutes(1);

  private final String location;
  private final Loader loader;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("keys").factory());
  private final AtomicLong lastLoadNanos = new AtomicLong(System.nanoTime());
  private volatile Keys keys;
  /** When they were read at last, by the monotonic clock. */
  private volatile long readNanos;
  private volatile @Nullable ObservableDoubleGauge age;
  /** Belongs to the thread. */
  private long warnedNanos = System.nanoTime() - WARN_AGAIN.toNanos();

  /**
   * The keys as last read.
   *
   * @param version grows whenever the set changed
   */
  record Keys(JWKSet set, long version) {}

  /** Reads a JWK set, at most {@link #MAX_BYTES} and one more; replaced by tests. */
  @FunctionalInterface
  interface Loader {
    byte[] load() throws IOException, InterruptedException;
  }

  /** {@code location}: for people. */
  KeySource(String location, Loader loader) throws IOException {
    this.location = location;
    this.loader = loader;
    try {
      this.keys = new Keys(loadNow(), 1);
    } catch (IOException | RuntimeException e) {
      thread.shutdownNow();
      throw new IOException(
          "the issuer's public keys cannot be read from " + location + ": " + why(e)
              + ". No token can be checked without them: auth.jwks must name a file or an http(s) URL with a JWK set",
          e);
    }
    LOG.info("token keys of {}: {}", location, ids(keys.set()));
    Future<?> _ =
        thread.scheduleWithFixedDelay(this::reload, REFRESH.toMillis(), REFRESH.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * Keys from a file path, or a URI of scheme file, http or https.
   *
   * @throws IOException if the keys cannot be read now
   */
  public static KeySource of(String location) throws IOException {
    if (location.startsWith("/") || !location.contains(":/")) {
      return new KeySource(location, () -> read(Path.of(location)));
    }
    try {
      URI uri = URI.create(location);
      return switch (uri.getScheme()) {
        case "file" -> {
          Path file = Path.of(uri);
          yield new KeySource(location, () -> read(file));
        }
        case "http", "https" -> new KeySource(location, remote(uri));
        case null, default -> throw new IOException("auth.jwks is read from a file or by http(s), not from " + location);
      };
    } catch (IllegalArgumentException e) {
      throw new IOException("auth.jwks is no URL of a key set: " + location + ": " + e.getMessage(), e);
    }
  }

  /** Measures how long ago the keys were read, until this is closed. Called once. */
  public void measure(Meter meter) {
    age =
        meter
            .gaugeBuilder("parley.token.keys.age")
            .setUnit("s")
            .setDescription("How long ago the issuer's public keys were read")
            .buildWithCallback(gauge -> gauge.record((System.nanoTime() - readNanos) / 1e9));
  }

  /** The newest keys. */
  Keys keys() {
    return keys;
  }

  /** Says that a token named a key that is not among {@link #keys}; returns at once. */
  void refreshSoon(String keyId) {
    long last = lastLoadNanos.get();
    long now = System.nanoTime();
    if (now - last >= MIN_REFRESH.toNanos() && lastLoadNanos.compareAndSet(last, now)) {
      thread.execute(() -> reloadFor(keyId));
    }
  }

  /** As {@link #reload}; says when the key is not there afterwards either. What the token says is not repeated. */
  void reloadFor(String keyId) {
    reload();
    long now = System.nanoTime();
    if (keys.set().getKeyByKeyId(keyId) == null && now - warnedNanos >= WARN_AGAIN.toNanos()) {
      warnedNanos = now;
      LOG.warn(
          "a token was refused that names a key which {} does not have; it has {}. If it is so with all tokens, the keys there"
              + " are not those of who issues them",
          location,
          ids(keys.set()));
    }
  }

  /** Reads the keys again, in this thread. */
  synchronized void reload() {
    try {
      JWKSet fresh = loadNow();
      if (!fresh.equals(keys.set())) {
        LOG.info(
            "token keys of {} have changed from {} to {}: tokens of a key that is gone are refused from now on",
            location,
            ids(keys.set()),
            ids(fresh));
        keys = new Keys(fresh, keys.version() + 1);
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn(
          "token keys cannot be read again from {}: {}. Those that were read {} s ago stay in use: {}",
          location,
          why(e),
          TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - readNanos),
          ids(keys.set()));
    }
  }

  private static List<String> ids(JWKSet set) {
    return set.getKeys().stream().map(key -> key.getKeyID() == null ? "a key without an id" : key.getKeyID()).toList();
  }

  /** What went wrong, for somebody who does not know Java. */
  private static String why(Exception e) {
    return switch (e) {
      case NoSuchFileException missing -> "there is no such file";
      case AccessDeniedException denied -> "this process may not read it";
      case ConnectException unknown when unknown.getCause() instanceof UnresolvedAddressException -> "its host is not known";
      case ConnectException refused -> "nobody can be reached there";
      case HttpTimeoutException late -> "no answer within " + TIMEOUT.toSeconds() + " s";
      default -> e.getMessage() == null ? e.toString() : e.getMessage();
    };
  }

  @Override
  public void close() {
    thread.shutdownNow();
    ObservableDoubleGauge measured = age;
    if (measured != null) {
      measured.close();
    }
  }

  private JWKSet loadNow() throws IOException {
    lastLoadNanos.set(System.nanoTime());
    try {
      byte[] text = loader.load();
      if (text.length > MAX_BYTES) {
        throw new IOException("it is larger than " + MAX_BYTES + " bytes");
      }
      // Public parts only: a private or symmetric key that lies there by mistake must not be used.
      JWKSet fresh = JWKSet.parse(new String(text, StandardCharsets.UTF_8)).toPublicJWKSet();
      if (fresh.getKeys().stream().noneMatch(SignatureVerifiers::canUse)) {
        throw new IOException(
            "none of its " + fresh.size() + " public keys is one for " + SignatureVerifiers.ALLOWED);
      }
      readNanos = System.nanoTime();
      return fresh;
    } catch (ParseException e) {
      throw new IOException("it is no JWK set: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static byte[] read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(MAX_BYTES + 1);
    }
  }

  private static Loader remote(URI uri) {
    HttpClient client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(TIMEOUT).build();
    return () -> {
      // The request's own time-out ends with the headers: a body that never ends would hold the thread for ever.
      CompletableFuture<HttpResponse<byte[]>> answer =
          client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_BYTES));
      try {
        HttpResponse<byte[]> response = answer.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        if (response.statusCode() != HttpURLConnection.HTTP_OK) {
          throw new IOException("the answer is status " + response.statusCode());
        }
        return response.body();
      } catch (ExecutionException e) {
        throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
      } catch (TimeoutException e) {
        throw new IOException("the answer did not end within " + TIMEOUT.toSeconds() + " s", e);
      } finally {
        answer.cancel(true);
      }
    };
  }
}
