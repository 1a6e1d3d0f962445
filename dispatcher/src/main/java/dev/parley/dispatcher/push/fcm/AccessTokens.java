package dev.parley.dispatcher.push.fcm;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.dispatcher.push.ProviderException;
import dev.parley.dispatcher.push.http.ProviderHttp;
import dev.parley.dispatcher.push.http.Reply;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.hc.core5.http.ContentType;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The access token of a service account: asked for once, used by all, renewed before it ends, one renewal at a time.
 * While a renewal is under way, or fails, the token before serves as long as it lasts. Thread-safe.
 */
final class AccessTokens {
  private static final Logger LOG = LoggerFactory.getLogger(AccessTokens.class);
  private static final String GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer";
  private static final Duration RENEW_BEFORE = Duration.ofMinutes(5);
  /** After a renewal that failed, while the token before still serves. */
  private static final Duration PAUSE = Duration.ofSeconds(5);

  private final ServiceAccount account;
  private final ProviderHttp http;
  private final InstantSource clock;
  private @Nullable Token current;
  private @Nullable CompletableFuture<String> renewal;

  private record Token(String value, Instant renewAt, Instant end) {}

  AccessTokens(ServiceAccount account, ProviderHttp http, InstantSource clock) {
    this.account = account;
    this.http = http;
    this.clock = clock;
  }

  /** One that is good now. Fails when there is none and none is given out. */
  CompletableFuture<String> token() {
    CompletableFuture<String> asked;
    boolean starts = false;
    CompletableFuture<String> answer;
    synchronized (this) {
      Instant now = clock.instant();
      Token known = current;
      if (known != null && now.isBefore(known.renewAt())) {
        return CompletableFuture.completedFuture(known.value());
      }
      if (renewal == null) {
        renewal = new CompletableFuture<>();
        starts = true;
      }
      asked = renewal;
      answer = known != null && now.isBefore(known.end()) ? CompletableFuture.completedFuture(known.value()) : asked;
    }
    if (starts) {
      renew(asked);
    }
    return answer;
  }

  /** A server has refused this token: the next one who asks gets another. */
  synchronized void refused(String token) {
    if (current != null && current.value().equals(token)) {
      current = null;
    }
  }

  private void renew(CompletableFuture<String> asked) {
    CompletableFuture<Token> given;
    try {
      String form =
          "grant_type=" + URLEncoder.encode(GRANT_TYPE, StandardCharsets.UTF_8)
              + "&assertion=" + account.grant(clock.instant());
      given =
          http.post(
                  account.tokenUri(),
                  Map.of(),
                  form.getBytes(StandardCharsets.US_ASCII),
                  ContentType.APPLICATION_FORM_URLENCODED)
              .thenApply(this::read);
    } catch (RuntimeException e) {
      given = CompletableFuture.failedFuture(e);
    }
    given.whenComplete((token, failure) -> settle(asked, token, failure));
  }

  private void settle(CompletableFuture<String> asked, @Nullable Token token, @Nullable Throwable failure) {
    synchronized (this) {
      renewal = null;
      if (token != null) {
        current = token;
      } else if (current != null) {
        current = new Token(current.value(), clock.instant().plus(PAUSE), current.end());
      }
    }
    if (token != null) {
      asked.complete(token.value());
    } else if (failure != null) {
      LOG.warn("no access token for {}: {}", account, failure.toString());
      asked.completeExceptionally(failure);
    }
  }

  private Token read(Reply reply) {
    try {
      if (reply.status() != 200) {
        throw new ProviderException("the token endpoint answered " + reply.status());
      }
      Map<String, Object> json = JSONObjectUtils.parse(reply.body());
      @Nullable String value = JSONObjectUtils.getString(json, "access_token");
      long seconds = JSONObjectUtils.getLong(json, "expires_in");
      if (value == null || value.isEmpty() || seconds < 1) {
        throw new ProviderException("the token endpoint gave no token");
      }
      Instant end = clock.instant().plusSeconds(seconds);
      Duration early = Duration.ofSeconds(Math.min(RENEW_BEFORE.toSeconds(), seconds / 2));
      return new Token(value, end.minus(early), end);
    } catch (ParseException e) {
      throw new ProviderException("the token endpoint gave something else than a token");
    }
  }
}
