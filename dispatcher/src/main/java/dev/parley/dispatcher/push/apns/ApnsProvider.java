package dev.parley.dispatcher.push.apns;

import com.eatthepath.pushy.apns.ApnsClientBuilder;
import com.eatthepath.pushy.apns.PushNotificationResponse;
import com.eatthepath.pushy.apns.auth.ApnsSigningKey;
import com.eatthepath.pushy.apns.util.SimpleApnsPushNotification;
import dev.parley.chassis.resilience.Hop;
import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.push.PushProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Apple Push Notification service, with a signing key. Thread-safe. */
public final class ApnsProvider implements PushProvider {
  private final Hop hop;
  private final InstantSource clock;
  private final String topic;
  private final RenewedClient client;
  private volatile boolean proven;

  /**
   * Sends with the key of the settings; connects when there is something to send.
   *
   * @param hop limits the calls; stays the caller's to close, after this
   * @throws IOException with one line, if a file of the settings cannot be read
   */
  public ApnsProvider(ApnsSettings settings, Hop hop, InstantSource clock) throws IOException {
    this.hop = hop;
    this.clock = clock;
    this.topic = Objects.requireNonNull(settings.topic(), "apns is not configured");
    ApnsClientBuilder builder =
        new ApnsClientBuilder()
            .setApnsServer(settings.host(), settings.port())
            .setSigningKey(key(settings))
            .setConcurrentConnections(settings.connections())
            .setConnectionTimeout(settings.hop().timeLimit())
            .setGracefulShutdownTimeout(settings.hop().timeLimit());
    Path trustedCa = settings.trustedCa();
    if (trustedCa != null) {
      builder.setTrustedServerCertificateChain(trustedCa.toFile());
    }
    this.client = new RenewedClient(builder);
    hop.onState(
        state -> {
          if (state == Hop.State.OPEN) {
            client.renewIfUnreachable();
          }
        });
  }

  private static ApnsSigningKey key(ApnsSettings settings) throws IOException {
    Path file = Objects.requireNonNull(settings.key(), "apns is not configured");
    try {
      return ApnsSigningKey.loadFromPkcs8File(
          file.toFile(),
          Objects.requireNonNull(settings.teamId()),
          Objects.requireNonNull(settings.keyId()));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException(file + " is no signing key for APNs: " + e.getMessage(), e);
    }
  }

  @Override
  public String name() {
    return "apns";
  }

  @Override
  public CompletionStage<Answer> send(Push push) {
    SimpleApnsPushNotification notification = ApnsNotification.of(push, topic, clock.instant());
    if (!ApnsNotification.fits(notification.getPayload())) {
      return CompletableFuture.completedStage(
          new Answer.Rejected("larger than " + ApnsNotification.MOST_PAYLOAD + " bytes"));
    }
    return hop.call(() -> client.send(notification).thenApply(this::answer))
        .whenComplete((answer, failure) -> client.told(failure));
  }

  private Answer answer(PushNotificationResponse<?> response) {
    if (response.isAccepted()) {
      proven = true;
      return new Answer.Accepted();
    }
    return ApnsAnswers.of(response.getStatusCode(), response.getRejectionReason().orElse(""), proven);
  }

  @Override
  public void close() {
    client.close();
  }
}
