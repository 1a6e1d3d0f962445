package dev.parley.dispatcher.push.fcm;

import dev.parley.chassis.resilience.Hop;
import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.push.PushProvider;
import dev.parley.dispatcher.push.http.ProviderHttp;
import dev.parley.dispatcher.push.http.Reply;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.hc.client5.http.SystemDefaultDnsResolver;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpHeaders;

/** Firebase Cloud Messaging, HTTP v1. Thread-safe. */
public final class FcmProvider implements PushProvider {
  private static final int STARTERS = 2;

  private final Hop hop;
  private final InstantSource clock;
  private final ProviderHttp http;
  private final AccessTokens access;
  private final URI sending;

  /**
   * Sends with the service account of the settings; connects when there is something to send.
   *
   * @param hop limits the calls; stays the caller's to close, after this
   * @throws IOException with one line, if a file of the settings cannot be read
   */
  public FcmProvider(FcmSettings settings, Hop hop, InstantSource clock) throws IOException {
    Path file = Objects.requireNonNull(settings.serviceAccount(), "fcm is not configured");
    ServiceAccount account = ServiceAccount.read(file);
    this.hop = hop;
    this.clock = clock;
    Duration limit = settings.hop().timeLimit();
    this.http =
        new ProviderHttp(
            hop.name(),
            new ProviderHttp.Bounds(
                settings.connections(),
                settings.hop().concurrentCalls() + 1,
                STARTERS,
                limit.plus(limit.dividedBy(4))),
            settings.trustedCa(),
            SystemDefaultDnsResolver.INSTANCE);
    this.access = new AccessTokens(account, http, clock);
    this.sending = settings.base().resolve("/v1/projects/" + account.projectId() + "/messages:send");
  }

  @Override
  public String name() {
    return "fcm";
  }

  @Override
  public CompletionStage<Answer> send(Push push) {
    FcmMessage message = FcmMessage.of(push);
    if (message.payloadBytes() > FcmMessage.MOST_PAYLOAD) {
      return CompletableFuture.completedStage(
          new Answer.Rejected("larger than " + FcmMessage.MOST_PAYLOAD + " bytes"));
    }
    return hop.call(() -> access.token().thenCompose(token -> attempt(message, token)));
  }

  private CompletionStage<Answer> attempt(FcmMessage message, String token) {
    return http.post(
            sending,
            Map.of(HttpHeaders.AUTHORIZATION, "Bearer " + token),
            message.body(),
            ContentType.APPLICATION_JSON)
        .thenApply(reply -> answer(reply, token));
  }

  private Answer answer(Reply reply, String token) {
    if (reply.isOk()) {
      return new Answer.Accepted();
    }
    if (reply.status() == 401) {
      access.refused(token);
    }
    return FcmError.answer(reply, clock.instant());
  }

  @Override
  public void close() {
    http.close();
  }
}
