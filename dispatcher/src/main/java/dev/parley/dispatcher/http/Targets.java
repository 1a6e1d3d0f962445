package dev.parley.dispatcher.http;

import dev.parley.dispatcher.http.PostOutcome.Failure;
import dev.parley.dispatcher.http.PostOutcome.Unanswered;
import java.io.Closeable;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.apache.hc.client5.http.DnsResolver;
import org.jspecify.annotations.Nullable;

/**
 * Looks up hosts before a client connects, on threads of its own, and then answers the client from what was found and
 * checked: so a slow name server stops none of the client's threads, and connections go to checked addresses only.
 *
 * <p>Thread-safe. A host is looked up by one thread at a time, so that it cannot take the places of others.
 */
final class Targets implements DnsResolver, Closeable {
  private static final int THREADS = 16;
  private static final int MAX_PINNED = 4096;

  private final AddressGuard guard;
  private final boolean plainHttp;
  private final ExecutorService threads =
      Executors.newFixedThreadPool(THREADS, Thread.ofPlatform().daemon().name("parley-lookup-", 0).factory());
  private final Map<String, CompletableFuture<@Nullable Unanswered>> underWay = new ConcurrentHashMap<>();
  /** The newest checked addresses by host, the one used longest ago first. Guarded by itself. */
  private final Map<String, InetAddress[]> pinned =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, InetAddress[]> eldest) {
          return size() > MAX_PINNED;
        }
      };

  Targets(AddressGuard guard, boolean plainHttp) {
    this.guard = guard;
    this.plainHttp = plainHttp;
  }

  /** Looks the host up anew; null: it may be connected to, now, at the addresses that were found. */
  CompletableFuture<@Nullable Unanswered> admit(URI target) {
    String scheme = target.getScheme();
    String host = target.getHost();
    if (!"https".equalsIgnoreCase(scheme) && !(plainHttp && "http".equalsIgnoreCase(scheme))) {
      return refused(Failure.BAD_TARGET, "the address must begin with https");
    }
    if (host == null || target.getRawUserInfo() != null || target.getPort() == 0 || target.getPort() > 65_535) {
      return refused(Failure.BAD_TARGET, "the address must have a host, and no user or password");
    }
    String key = key(host);
    CompletableFuture<@Nullable Unanswered> found = new CompletableFuture<>();
    CompletableFuture<@Nullable Unanswered> earlier = underWay.putIfAbsent(key, found);
    if (earlier != null) {
      return earlier;
    }
    try {
      threads.execute(() -> found.complete(lookUp(key)));
    } catch (RejectedExecutionException e) {
      found.complete(closed());
    }
    return found.whenComplete((refusal, failure) -> underWay.remove(key, found));
  }

  static Unanswered closed() {
    return new Unanswered(Failure.BROKEN, "the client is closed");
  }

  private static CompletableFuture<@Nullable Unanswered> refused(Failure failure, String reason) {
    return CompletableFuture.completedFuture(new Unanswered(failure, reason));
  }

  private @Nullable Unanswered lookUp(String host) {
    try {
      InetAddress[] addresses = guard.resolve(host);
      synchronized (pinned) {
        pinned.put(host, addresses);
      }
      return null;
    } catch (UnknownHostException e) {
      synchronized (pinned) {
        pinned.remove(host);
      }
      return unanswered(e, host);
    }
  }

  static Unanswered unanswered(UnknownHostException failure, String host) {
    return failure instanceof AddressRefusedException
        ? new Unanswered(Failure.ADDRESS_REFUSED, "the host has an address that is not public")
        : new Unanswered(Failure.NOT_RESOLVED, "the name " + host + " has no address");
  }

  /** What was found last. Never asks anybody. */
  @Override
  public InetAddress[] resolve(String host) throws UnknownHostException {
    synchronized (pinned) {
      InetAddress[] addresses = pinned.get(key(host));
      if (addresses == null) {
        throw new UnknownHostException(host);
      }
      return addresses.clone();
    }
  }

  @Override
  public String resolveCanonicalHostname(String host) {
    return host;
  }

  private static String key(String host) {
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    return (bracketed ? host.substring(1, host.length() - 1) : host).toLowerCase(Locale.ROOT);
  }

  @Override
  public void close() {
    threads.shutdownNow();
    underWay.values().forEach(found -> found.complete(closed()));
  }
}
