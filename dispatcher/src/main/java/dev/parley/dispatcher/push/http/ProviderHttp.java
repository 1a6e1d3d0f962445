package dev.parley.dispatcher.push.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.impl.async.HttpAsyncClients;
import org.apache.hc.client5.http.impl.async.MinimalH2AsyncClient;
import org.apache.hc.client5.http.ssl.ClientTlsStrategyBuilder;
import org.apache.hc.core5.concurrent.FutureCallback;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.nio.support.AsyncRequestBuilder;
import org.apache.hc.core5.http2.config.H2Config;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.reactor.IOReactorConfig;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/2 client of one provider, with many requests on a connection. Follows no redirect, repeats nothing, keeps no
 * cookie. A request that is cut resets its stream alone. The library's pooling client would end the connection, and with
 * it all that others have under way there, whenever one exchange fails; so this is its minimal one.
 *
 * <p>Thread-safe, and never blocks: names are resolved on its own threads.
 */
public final class ProviderHttp implements AutoCloseable {
  /** The most bytes of an answer that are read. */
  public static final int MOST_BODY = 8 << 10;

  private static final int IO_THREADS = 1;
  private static final Duration IDLE = Duration.ofMinutes(5);
  /** A connection that was silent for so long is asked whether it lives before it is used. */
  private static final TimeValue CHECK_AFTER = TimeValue.ofSeconds(2);
  private static final long CLOSING_MILLIS = 500;
  private static final long STARTER_LIVES_SECONDS = 10;

  private final Duration timeLimit;
  private final ThreadPoolExecutor starters;
  /** Each has one connection to a host. */
  private final List<MinimalH2AsyncClient> clients = new ArrayList<>();
  private final AtomicInteger turn = new AtomicInteger();

  /**
   * The bounds of a client.
   *
   * @param connectionsPerHost connections to one host
   * @param waiting requests that may wait for a thread that starts them
   * @param starters threads that start requests: so many names may be resolved at a time
   * @param timeLimit after this an exchange is cut
   */
  public record Bounds(int connectionsPerHost, int waiting, int starters, Duration timeLimit) {}

  /** What is sent. */
  public record Content(Map<String, String> headers, byte[] body) {}

  /**
   * A client within these bounds.
   *
   * @param name of its threads
   * @param trustedCa certificates (PEM) that are trusted instead of the platform's
   * @throws IOException with one line, if they cannot be read
   */
  public ProviderHttp(String name, Bounds bounds, @Nullable Path trustedCa, DnsResolver resolver) throws IOException {
    this.timeLimit = bounds.timeLimit();
    this.starters =
        new ThreadPoolExecutor(
            bounds.starters(),
            bounds.starters(),
            STARTER_LIVES_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(bounds.waiting()),
            Thread.ofPlatform().daemon().name(name + "-start-", 0).factory());
    starters.allowCoreThreadTimeOut(true);
    ClientTlsStrategyBuilder tls = ClientTlsStrategyBuilder.create();
    if (trustedCa != null) {
      tls.setSslContext(trusting(trustedCa));
    }
    IOReactorConfig io =
        IOReactorConfig.custom()
            .setIoThreadCount(IO_THREADS)
            .setTcpNoDelay(true)
            .setSoTimeout(Timeout.of(IDLE))
            .build();
    H2Config h2 = H2Config.custom().setPushEnabled(false).build();
    ConnectionConfig connection =
        ConnectionConfig.custom()
            .setConnectTimeout(Timeout.of(timeLimit))
            .setValidateAfterInactivity(CHECK_AFTER)
            .build();
    for (int i = 0; i < bounds.connectionsPerHost(); i++) {
      MinimalH2AsyncClient client = HttpAsyncClients.createHttp2Minimal(h2, io, resolver, tls.buildAsync());
      client.setConnectionConfigResolver(host -> connection);
      client.start();
      clients.add(client);
    }
  }

  private static SSLContext trusting(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry("ca-" + store.size(), certificate);
      }
      TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(file + " has no certificates that can be trusted: " + e.getMessage(), e);
    }
  }

  /**
   * Sends a request.
   *
   * @return fails when no answer came in time, or if too many requests wait to be started
   */
  public CompletableFuture<Reply> post(URI uri, Map<String, String> headers, byte[] body, ContentType type) {
    Content content = new Content(headers, body);
    return post(uri, () -> content, type);
  }

  /**
   * Sends a request that takes a while to make: that is done on the thread that starts it.
   *
   * @return fails as the other one does, and with what {@code content} throws
   */
  public CompletableFuture<Reply> post(URI uri, Supplier<Content> content, ContentType type) {
    CompletableFuture<Reply> told = new CompletableFuture<>();
    starters.execute(() -> start(uri, content, type, told));
    return told;
  }

  private void start(URI uri, Supplier<Content> made, ContentType type, CompletableFuture<Reply> told) {
    try {
      Content content = made.get();
      AsyncRequestBuilder request = AsyncRequestBuilder.post(uri).setEntity(content.body(), type);
      content.headers().forEach(request::setHeader);
      Future<Reply> exchange =
          next().execute(request.build(), new ReplyConsumer(told, MOST_BODY), new Telling(told));
      told.orTimeout(timeLimit.toMillis(), TimeUnit.MILLISECONDS)
          .whenComplete(
              (reply, failure) -> {
                if (failure != null) {
                  exchange.cancel(true);
                }
              });
    } catch (RuntimeException e) {
      told.completeExceptionally(e);
    }
  }

  private MinimalH2AsyncClient next() {
    return clients.get(Math.floorMod(turn.getAndIncrement(), clients.size()));
  }

  /** Tells failures that come before there is a response to consume. */
  private record Telling(CompletableFuture<Reply> told) implements FutureCallback<Reply> {
    @Override
    public void completed(Reply reply) {
      told.complete(reply);
    }

    @Override
    public void failed(Exception cause) {
      told.completeExceptionally(cause);
    }

    @Override
    public void cancelled() {
      told.completeExceptionally(new CancellationException("the request was cancelled"));
    }
  }

  /** Ends all connections; what is under way fails after half a second at most. */
  @Override
  public void close() {
    starters.shutdownNow();
    clients.forEach(MinimalH2AsyncClient::initiateShutdown);
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSING_MILLIS);
    try {
      for (MinimalH2AsyncClient client : clients) {
        client.awaitShutdown(TimeValue.ofNanoseconds(Math.max(1, end - System.nanoTime())));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    clients.forEach(client -> client.close(CloseMode.IMMEDIATE));
  }
}
