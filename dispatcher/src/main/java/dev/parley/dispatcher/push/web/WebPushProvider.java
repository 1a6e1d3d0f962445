package dev.parley.dispatcher.push.web;

import dev.parley.chassis.resilience.Hop;
import dev.parley.dispatcher.push.CollapseId;
import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.push.PushProvider;
import dev.parley.dispatcher.push.http.ProviderHttp;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpHeaders;

/**
 * The push services of browsers. Thread-safe. Encrypts, which takes a part of a millisecond, on the threads that start
 * requests: the caller has others to serve.
 */
public final class WebPushProvider implements PushProvider {
  /** So many pushes are encrypted, or names of strangers resolved, at a time; a name takes seconds at worst. */
  private static final int STARTERS = 8;

  private final WebPushSettings settings;
  private final Hop hop;
  private final InstantSource clock;
  private final Vapid vapid;
  private final ProviderHttp http;
  private final MessageEncryption encryption = new MessageEncryption();

  /**
   * Sends with the key of the settings.
   *
   * @param hop limits the calls; stays the caller's to close, after this
   * @param resolver resolves what users name, and refuses where nothing may be sent to
   * @throws IOException with one line, if a file of the settings cannot be read
   */
  public WebPushProvider(WebPushSettings settings, Hop hop, InstantSource clock, DnsResolver resolver)
      throws IOException {
    Path key = Objects.requireNonNull(settings.key(), "web_push is not configured");
    this.settings = settings;
    this.hop = hop;
    this.clock = clock;
    this.vapid = Vapid.read(key, Objects.requireNonNull(settings.contact()));
    Duration limit = settings.hop().timeLimit();
    this.http =
        new ProviderHttp(
            hop.name(),
            new ProviderHttp.Bounds(
                settings.connections(),
                settings.hop().concurrentCalls(),
                STARTERS,
                limit.plus(limit.dividedBy(4))),
            settings.trustedCa(),
            resolver);
  }

  @Override
  public String name() {
    return "web_push";
  }

  @Override
  public CompletionStage<Answer> send(Push push) {
    Subscription subscription;
    try {
      subscription = Subscription.of(push.target().getWebPush());
    } catch (IllegalArgumentException e) {
      return CompletableFuture.completedStage(new Answer.DeviceGone(String.valueOf(e.getMessage())));
    }
    if (!settings.allows(subscription.endpoint().getHost())) {
      return CompletableFuture.completedStage(
          new Answer.Rejected("the endpoint is at none of the push services that are allowed"));
    }
    byte[] plain = WebPushPayload.of(push);
    if (plain.length > MessageEncryption.MOST_PLAIN) {
      return CompletableFuture.completedStage(
          new Answer.Rejected("larger than " + MessageEncryption.MOST_PLAIN + " bytes"));
    }
    return hop.call(() -> attempt(push, subscription, plain));
  }

  private CompletionStage<Answer> attempt(Push push, Subscription subscription, byte[] plain) {
    return http.post(
            subscription.endpoint(), () -> content(push, subscription, plain), ContentType.APPLICATION_OCTET_STREAM)
        .thenApply(reply -> WebPushAnswers.of(reply, clock.instant()));
  }

  private ProviderHttp.Content content(Push push, Subscription subscription, byte[] plain) {
    byte[] body;
    try {
      body = encryption.encrypt(plain, subscription.key(), subscription.secret());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform can encrypt for a point of P-256", e);
    }
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put(HttpHeaders.AUTHORIZATION, vapid.authorization(subscription.endpoint(), clock.instant()));
    headers.put(HttpHeaders.CONTENT_ENCODING, "aes128gcm");
    headers.put("TTL", Long.toString(Math.max(0, push.timeToLive().toSeconds())));
    headers.put("Topic", CollapseId.hashed(push.conversationId()));
    headers.put("Urgency", push.isWithdrawal() ? "normal" : "high");
    return new ProviderHttp.Content(headers, body);
  }

  @Override
  public void close() {
    http.close();
  }
}
