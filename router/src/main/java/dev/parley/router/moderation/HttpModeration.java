package dev.parley.router.moderation;

import dev.parley.chassis.resilience.Hop;
import dev.parley.chassis.resilience.HopException;
import dev.parley.router.moderation.ModerationSettings.OnFailure;
import dev.parley.v1.Command;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks over HTTP: one POST for each question, signed as Standard Webhooks says, behind the hop {@code router-moderation}.
 * Only an answer with status 200 and a verdict is one; everything else is as the settings say.
 *
 * <p>Thread-safe; never blocks. {@link #close} ends the connections; what is under way then has no answer.
 */
public final class HttpModeration implements Moderation, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HttpModeration.class);
  /** The longest answer, in bytes. */
  private static final int ANSWER_BYTES = 4 * 1024;

  private static final int OK = 200;

  private final URI url;
  private final byte[] key;
  private final Duration deadline;
  private final Verdict withoutAnswer;
  private final Hop hop;
  private final InstantSource clock;
  private final HttpClient client;
  private final BodyHandler<String> answers = BodyHandlers.limiting(BodyHandlers.ofString(), ANSWER_BYTES);

  /**
   * Asks as the settings say, which must have a url.
   *
   * @param hop with {@link ModerationSettings#hop}; stays the caller's to close
   */
  public HttpModeration(ModerationSettings settings, Hop hop, InstantSource clock) {
    this.url = Objects.requireNonNull(settings.url());
    this.key = ModerationSettings.key(settings.secret());
    this.deadline = settings.deadline();
    this.withoutAnswer =
        settings.onFailure() == OnFailure.OPEN ? new Verdict.Allowed() : new Verdict.Unavailable();
    this.hop = hop;
    this.clock = clock;
    this.client =
        HttpClient.newBuilder()
            .connectTimeout(deadline)
            .followRedirects(HttpClient.Redirect.NEVER)
            // Over http, HTTP/2 would begin with an upgrade that not every server understands.
            .version("https".equals(url.getScheme()) ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1)
            .build();
  }

  @Override
  public CompletionStage<Verdict> ask(String userId, String conversationId, Command command) {
    return hop.call(() -> send(request(ModerationMessages.question(userId, conversationId, command))))
        .exceptionally(this::unanswered);
  }

  private HttpRequest request(String body) {
    String id = UUID.randomUUID().toString();
    long seconds = clock.instant().getEpochSecond();
    return HttpRequest.newBuilder(url)
        .timeout(deadline)
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", Long.toString(seconds))
        .header("webhook-signature", ModerationMessages.signature(key, id, seconds, body))
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  private CompletionStage<Verdict> send(HttpRequest request) {
    CompletableFuture<HttpResponse<String>> sent = client.sendAsync(request, answers);
    return sent.copy()
        .orTimeout(deadline.toMillis(), TimeUnit.MILLISECONDS)
        .whenComplete(
            (answer, failure) -> {
              if (failure != null) {
                sent.cancel(true); // the request's own time limit ends with the headers
              }
            })
        .thenApply(HttpModeration::verdict);
  }

  private static Verdict verdict(HttpResponse<String> answer) {
    if (answer.statusCode() != OK) {
      throw new CompletionException(new IOException("status " + answer.statusCode()));
    }
    return ModerationMessages.verdict(answer.body());
  }

  private Verdict unanswered(Throwable failure) {
    Throwable cause = failure.getCause();
    Throwable told = failure instanceof CompletionException && cause != null ? cause : failure;
    if (!(told instanceof HopException)) {
      LOG.debug("moderation gave no verdict", told); // the hop counts it, and says when there are too many
    }
    return withoutAnswer;
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
