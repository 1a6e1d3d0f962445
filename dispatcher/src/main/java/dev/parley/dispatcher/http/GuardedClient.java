package dev.parley.dispatcher.http;

import dev.parley.dispatcher.http.PostOutcome.Answered;
import dev.parley.dispatcher.http.PostOutcome.Failure;
import dev.parley.dispatcher.http.PostOutcome.Unanswered;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.config.TlsConfig;
import org.apache.hc.client5.http.impl.async.CloseableHttpAsyncClient;
import org.apache.hc.client5.http.impl.async.HttpAsyncClientBuilder;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.ClientTlsStrategyBuilder;
import org.apache.hc.core5.concurrent.FutureCallback;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.nio.support.AsyncRequestBuilder;
import org.apache.hc.core5.http2.HttpVersionPolicy;
import org.apache.hc.core5.http2.config.H2Config;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.reactor.IOReactorConfig;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * POSTs to addresses that others have named. It connects to public addresses alone ({@link AddressGuard}), follows no
 * redirect, keeps no cookie, repeats nothing, and reads the beginning of an answer; connecting and the whole request are
 * bounded in time, connections in number. HTTP/1.1, or HTTP/2 where TLS agrees on it.
 *
 * <p>Thread-safe; never blocks. {@link #close} ends what is under way as {@link Failure#BROKEN}.
 */
public final class GuardedClient implements Posts, AutoCloseable {
  /** How much of an answer's body is read, in bytes; with more, the connection is closed. */
  public static final int BODY_BYTES = 16 * 1024;

  private static final int HEADER_LINE_BYTES = 8 * 1024;
  private static final int HEADERS = 100;
  private static final int HEADER_LIST_BYTES = 64 * 1024;
  private static final TimeValue KEEP_ALIVE = TimeValue.ofSeconds(30);
  /** A connection that lives longer would go on to an address that the name may have lost. */
  private static final TimeValue CONNECTION_LIFE = TimeValue.ofMinutes(2);

  private static final Logger LOG = LoggerFactory.getLogger(GuardedClient.class);

  private final HttpSettings settings;
  private final Set<CompletableFuture<PostOutcome>> underWay = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;
  private final Targets targets;
  private final CloseableHttpAsyncClient client;

  /**
   * A client as these settings say.
   *
   * @throws IllegalArgumentException if the file of certificates cannot be read
   */
  public GuardedClient(HttpSettings settings) {
    this(settings, new AddressGuard(settings.allowedNetworks()));
  }

  /** The same with a guard that others use too. */
  public GuardedClient(HttpSettings settings, AddressGuard guard) {
    this.settings = settings;
    this.targets = new Targets(guard, settings.plainHttp());
    this.client = client();
    client.start();
  }

  private CloseableHttpAsyncClient client() {
    Timeout connecting = Timeout.of(settings.connectTimeLimit());
    Timeout total = Timeout.of(settings.timeLimit());
    var connections =
        PoolingAsyncClientConnectionManagerBuilder.create()
            .setDnsResolver(targets)
            .setMaxConnPerRoute(settings.connectionsPerRoute())
            .setMaxConnTotal(settings.connections())
            .setTlsStrategy(
                ClientTlsStrategyBuilder.create().setSslContext(Trust.context(settings.caFile())).buildAsync())
            .setDefaultTlsConfig(
                TlsConfig.custom().setHandshakeTimeout(connecting).setVersionPolicy(HttpVersionPolicy.NEGOTIATE).build())
            .setDefaultConnectionConfig(
                ConnectionConfig.custom()
                    .setConnectTimeout(connecting)
                    .setSocketTimeout(total)
                    .setTimeToLive(CONNECTION_LIFE)
                    .build())
            .build();
    return HttpAsyncClientBuilder.create()
        .setConnectionManager(connections)
        .setIOReactorConfig(IOReactorConfig.custom().setIoThreadCount(2).setSoTimeout(total).build())
        .setHttp1Config(
            Http1Config.custom().setMaxLineLength(HEADER_LINE_BYTES).setMaxHeaderCount(HEADERS).build())
        .setH2Config(
            H2Config.custom().setPushEnabled(false).setMaxHeaderListSize(HEADER_LIST_BYTES).build())
        .setDefaultRequestConfig(
            RequestConfig.custom()
                .setRedirectsEnabled(false)
                .setAuthenticationEnabled(false)
                .setProtocolUpgradeEnabled(false)
                .setConnectionRequestTimeout(total)
                .setResponseTimeout(total)
                .setDefaultKeepAlive(KEEP_ALIVE.toMilliseconds(), TimeUnit.MILLISECONDS)
                .build())
        .setIoReactorExceptionCallback(this::broken)
        .setThreadFactory(Thread.ofPlatform().daemon().name("parley-http-", 0).factory())
        .setUserAgent("Parley")
        .disableRedirectHandling()
        .disableAutomaticRetries()
        .disableCookieManagement()
        .disableAuthCaching()
        .disableConnectionState()
        .disableContentCompression()
        .evictExpiredConnections()
        .evictIdleConnections(KEEP_ALIVE)
        .build();
  }

  /** Closing takes the selectors away from under the threads, which complain. */
  private void broken(Exception failure) {
    if (closed) {
      LOG.debug("ended with the client", failure);
    } else {
      LOG.error("the HTTP client is broken", failure);
    }
  }

  @Override
  public CompletableFuture<@Nullable Unanswered> check(URI target) {
    return targets
        .admit(target)
        .exceptionally(failure -> unanswered(failure, target))
        .completeOnTimeout(tooSlow(), settings.timeLimit().toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public CompletableFuture<PostOutcome> post(Post post) {
    CompletableFuture<PostOutcome> outcome = new CompletableFuture<>();
    underWay.add(outcome);
    outcome.whenComplete((answer, failure) -> underWay.remove(outcome));
    if (closed) {
      outcome.complete(Targets.closed());
      return outcome;
    }
    outcome.completeOnTimeout(tooSlow(), settings.timeLimit().toMillis(), TimeUnit.MILLISECONDS);
    targets
        .admit(post.target())
        .whenComplete(
            (refusal, failure) -> {
              if (failure != null) {
                outcome.complete(unanswered(failure, post.target()));
              } else if (refusal != null) {
                outcome.complete(refusal);
              } else if (!outcome.isDone()) {
                send(post, outcome);
              }
            });
    return outcome;
  }

  private Unanswered tooSlow() {
    return new Unanswered(Failure.TIME_LIMIT, "no answer within " + settings.timeLimit().toMillis() + " ms");
  }

  private void send(Post post, CompletableFuture<PostOutcome> outcome) {
    AsyncRequestBuilder request =
        AsyncRequestBuilder.post(post.target()).setEntity(post.body(), ContentType.APPLICATION_JSON);
    post.headers().forEach(request::setHeader);
    Future<Answered> exchange;
    try {
      exchange =
          client.execute(
              request.build(),
              new AnswerConsumer(BODY_BYTES, outcome::complete, outcome::isDone),
              new FutureCallback<Answered>() {
                @Override
                public void completed(Answered answered) {
                  outcome.complete(answered);
                }

                @Override
                public void failed(Exception failure) {
                  outcome.complete(unanswered(failure, post.target()));
                }

                @Override
                public void cancelled() {
                  outcome.complete(new Unanswered(Failure.BROKEN, "the request was given up"));
                }
              });
    } catch (RuntimeException e) {
      outcome.complete(unanswered(e, post.target())); // the client is closed
      return;
    }
    outcome.thenRun(
        () -> {
          if (!exchange.isDone()) {
            exchange.cancel(true); // too slow, or too long: the connection is closed
          }
        });
  }

  private static Unanswered unanswered(Throwable failure, URI target) {
    return switch (failure) {
      case UnknownHostException e -> Targets.unanswered(e, target.getHost());
      case SSLException e -> new Unanswered(Failure.TLS, "no trusted TLS connection: " + e.getMessage());
      case ConnectTimeoutException e -> new Unanswered(Failure.NO_CONNECTION, "the connection took too long");
      case ConnectException e -> new Unanswered(Failure.NO_CONNECTION, "the connection was refused");
      case InterruptedIOException e -> new Unanswered(Failure.TIME_LIMIT, "no answer in time");
      case TimeoutException e -> new Unanswered(Failure.TIME_LIMIT, "no answer in time");
      case MessageConstraintException e -> new Unanswered(Failure.TOO_LARGE, "the answer's headers are too large");
      case IOException e -> new Unanswered(Failure.BROKEN, "the connection ended before the answer did");
      default -> new Unanswered(Failure.BROKEN, "no answer that is HTTP");
    };
  }

  @Override
  public void close() {
    closed = true;
    client.close(CloseMode.IMMEDIATE);
    targets.close();
    underWay.forEach(outcome -> outcome.complete(Targets.closed()));
  }
}
