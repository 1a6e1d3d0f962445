package dev.parley.chassis.auth;

import com.nimbusds.jose.jwk.JWKSet;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The issuer's public keys, from a file or a URL (RFC 7517), kept fresh in the background: whoever verifies a token
 * never waits for a disk or a network.
 *
 * <p>Thread-safe. Reads again every {@link #REFRESH}, and soon after a token names a key that is not known, but not
 * more often than every {@link #MIN_REFRESH}. When that fails the keys stay as they are and the log says so.
 */
public final class KeySource implements AutoCloseable {
  /** How often keys are read again. */
  public static final Duration REFRESH = Duration.ofMinutes(5);

  /** What lies at least between two readings, so that forged key ids cannot make us flood the issuer. */
  public static final Duration MIN_REFRESH = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(KeySource.class);
  private static final int MAX_BYTES = 1 << 20;

  private final Loader loader;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("keys").factory());
  private final AtomicLong lastLoadNanos = new AtomicLong(System.nanoTime());
  private volatile Keys keys;

  /**
   * The keys as last read.
   *
   * @param version grows whenever the set changed
   */
  record Keys(JWKSet set, long version) {}

  /** Reads a JWK set; replaced by tests. */
  @FunctionalInterface
  interface Loader {
    String load() throws IOException, InterruptedException;
  }

  KeySource(Loader loader) throws IOException {
    this.loader = loader;
    this.keys = new Keys(loadNow(), 1);
    Future<?> _ =
        thread.scheduleWithFixedDelay(this::reload, REFRESH.toMillis(), REFRESH.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * Keys from a file path, or a URI of scheme file, http or https.
   *
   * @throws IOException if the keys cannot be read now
   */
  public static KeySource of(String location) throws IOException {
    if (!location.contains(":/")) {
      return new KeySource(() -> Files.readString(Path.of(location)));
    }
    URI uri = URI.create(location);
    return switch (uri.getScheme()) {
      case "file" -> new KeySource(() -> Files.readString(Path.of(uri)));
      case "http", "https" -> new KeySource(remote(uri));
      default -> throw new IOException("keys are read from a file or by http(s), not from " + location);
    };
  }

  /** The newest keys. */
  Keys keys() {
    return keys;
  }

  /** Says that a token named a key that is not among {@link #keys}; returns at once. */
  void refreshSoon() {
    long last = lastLoadNanos.get();
    long now = System.nanoTime();
    if (now - last >= MIN_REFRESH.toNanos() && lastLoadNanos.compareAndSet(last, now)) {
      thread.execute(this::reload);
    }
  }

  /** Reads the keys again, in this thread. */
  synchronized void reload() {
    try {
      JWKSet fresh = loadNow();
      if (!fresh.equals(keys.set())) {
        keys = new Keys(fresh, keys.version() + 1);
        LOG.info("token keys changed: {} keys", fresh.size());
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("token keys cannot be read again, the old ones stay: {}", e.getMessage());
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }

  private JWKSet loadNow() throws IOException {
    lastLoadNanos.set(System.nanoTime());
    try {
      // Public parts only: a private or symmetric key that lies there by mistake must not be used.
      return JWKSet.parse(loader.load()).toPublicJWKSet();
    } catch (ParseException e) {
      throw new IOException("no JWK set: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static Loader remote(URI uri) {
    HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(5)).build();
    return () -> {
      HttpResponse<InputStream> response = client.send(request, BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        byte[] bytes = body.readNBytes(MAX_BYTES + 1);
        if (response.statusCode() != 200 || bytes.length > MAX_BYTES) {
          throw new IOException(uri + " answered status " + response.statusCode() + ", " + bytes.length + " bytes");
        }
        return new String(bytes, StandardCharsets.UTF_8);
      }
    };
  }
}
