package dev.parley.dispatcher.push.apns;

import com.eatthepath.pushy.apns.ApnsClient;
import com.eatthepath.pushy.apns.ApnsClientBuilder;
import com.eatthepath.pushy.apns.PushNotificationResponse;
import com.eatthepath.pushy.apns.util.SimpleApnsPushNotification;
import dev.parley.dispatcher.push.ProviderException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client of APNs, made anew when the breaker opens because nothing answers: left alone it waits up to a minute before
 * it connects again, and keeps connections that are dead. Thread-safe.
 */
final class RenewedClient implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RenewedClient.class);
  private static final int THREADS = 1;
  private static final long CLOSING_SECONDS = 1;

  private final ApnsClientBuilder builder;
  private final EventLoopGroup loops;
  private volatile ApnsClient client;
  private volatile boolean unreachable;
  private boolean closed;

  /** {@code builder}: used again for each client; gets its threads here. */
  @SuppressWarnings("deprecation") // the library knows event loops by this class
  RenewedClient(ApnsClientBuilder builder) throws IOException {
    this.loops = new NioEventLoopGroup(THREADS, Thread.ofPlatform().daemon().name("dispatcher-apns-", 0).factory());
    this.builder = builder.setEventLoopGroup(loops);
    try {
      this.client = builder.build();
    } catch (IOException | RuntimeException e) {
      loops.shutdownGracefully(0, CLOSING_SECONDS, TimeUnit.SECONDS);
      throw e;
    }
  }

  CompletableFuture<PushNotificationResponse<SimpleApnsPushNotification>> send(SimpleApnsPushNotification push) {
    return client.sendNotification(push);
  }

  /** What became of a push; null: it was answered. An answer that blames somebody is an answer. */
  void told(@Nullable Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    unreachable = cause != null && !(cause instanceof ProviderException);
  }

  /** Makes another client, on its own thread, if the newest push had no answer. */
  void renewIfUnreachable() {
    if (unreachable && !loops.isShuttingDown()) {
      loops.execute(this::renew);
    }
  }

  private synchronized void renew() {
    if (closed) {
      return;
    }
    try {
      ApnsClient old = client;
      client = builder.build();
      end(old);
    } catch (IOException e) {
      LOG.warn("the client of APNs could not be made anew", e);
    }
  }

  private static CompletableFuture<Void> end(ApnsClient client) {
    return client
        .close()
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                LOG.warn("connections to APNs did not end in order: {}", failure.toString());
              }
            });
  }

  /** Begins to end the connections; what is under way has as long as a push may take. */
  @Override
  public synchronized void close() {
    closed = true;
    end(client).whenComplete((done, failure) -> loops.shutdownGracefully(0, CLOSING_SECONDS, TimeUnit.SECONDS));
  }
}
