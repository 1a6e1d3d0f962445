package dev.parley.dispatcher.webhook;

import dev.parley.chassis.errors.Errors;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.RefusedException;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.LogException;
import dev.parley.dispatcher.http.Posts;
import dev.parley.internal.v1.StoredWebhook;
import dev.parley.v1.CreateWebhookRequest;
import dev.parley.v1.CreateWebhookResponse;
import dev.parley.v1.DeleteWebhookRequest;
import dev.parley.v1.DeleteWebhookResponse;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.GetWebhookRequest;
import dev.parley.v1.GetWebhookResponse;
import dev.parley.v1.ListWebhooksRequest;
import dev.parley.v1.ListWebhooksResponse;
import dev.parley.v1.ReplayWebhookRequest;
import dev.parley.v1.ReplayWebhookResponse;
import dev.parley.v1.RotateWebhookSecretRequest;
import dev.parley.v1.RotateWebhookSecretResponse;
import dev.parley.v1.UpdateWebhookRequest;
import dev.parley.v1.UpdateWebhookResponse;
import dev.parley.v1.Webhook;
import dev.parley.v1.WebhookServiceGrpc;
import io.grpc.stub.StreamObserver;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** WebhookService on the wire. Thread-safe. */
public final class WebhookGrpcService extends WebhookServiceGrpc.WebhookServiceImplBase {
  private static final Duration RETRY = Duration.ofMillis(500);

  private final WebhookTable table;
  private final WebhookViews views;
  private final Posts posts;

  WebhookGrpcService(WebhookTable table, WebhookViews views, Posts posts) {
    this.table = table;
    this.views = views;
    this.posts = posts;
  }

  @Override
  public void createWebhook(CreateWebhookRequest request, StreamObserver<CreateWebhookResponse> response) {
    answer(
        allowed(request.getUrl())
            .thenCompose(
                yes -> table.create(request.getWebhookId(), request.getUrl(), request.getConversationIdsList()))
            .thenCompose(
                stored ->
                    view(stored)
                        .thenApply(
                            webhook ->
                                CreateWebhookResponse.newBuilder()
                                    .setWebhook(webhook)
                                    .setSecret(stored.getSecrets(0))
                                    .build())),
        response);
  }

  @Override
  public void getWebhook(GetWebhookRequest request, StreamObserver<GetWebhookResponse> response) {
    answer(
        table
            .get(request.getWebhookId())
            .thenCompose(this::view)
            .thenApply(webhook -> GetWebhookResponse.newBuilder().setWebhook(webhook).build()),
        response);
  }

  @Override
  public void listWebhooks(ListWebhooksRequest request, StreamObserver<ListWebhooksResponse> response) {
    answer(
        views
            .of(table.list())
            .thenApply(webhooks -> ListWebhooksResponse.newBuilder().addAllWebhooks(webhooks).build()),
        response);
  }

  @Override
  public void updateWebhook(UpdateWebhookRequest request, StreamObserver<UpdateWebhookResponse> response) {
    CompletableFuture<@Nullable Void> allowed =
        request.getUrl().isEmpty() ? CompletableFuture.completedFuture(null) : allowed(request.getUrl());
    answer(
        allowed
            .thenCompose(yes -> table.update(request.getWebhookId(), request.getUrl(), request.getState()))
            .thenCompose(this::view)
            .thenApply(webhook -> UpdateWebhookResponse.newBuilder().setWebhook(webhook).build()),
        response);
  }

  @Override
  public void rotateWebhookSecret(
      RotateWebhookSecretRequest request, StreamObserver<RotateWebhookSecretResponse> response) {
    answer(
        table
            .rotate(request.getWebhookId(), request.getDropPrevious())
            .thenApply(stored -> RotateWebhookSecretResponse.newBuilder().setSecret(stored.getSecrets(0)).build()),
        response);
  }

  @Override
  public void replayWebhook(ReplayWebhookRequest request, StreamObserver<ReplayWebhookResponse> response) {
    answer(
        table
            .replay(request.getWebhookId(), Timestamps.toInstant(request.getAfter()))
            .thenCompose(this::view)
            .thenApply(webhook -> ReplayWebhookResponse.newBuilder().setWebhook(webhook).build()),
        response);
  }

  @Override
  public void deleteWebhook(DeleteWebhookRequest request, StreamObserver<DeleteWebhookResponse> response) {
    answer(
        table.delete(request.getWebhookId()).thenApply(done -> DeleteWebhookResponse.getDefaultInstance()), response);
  }

  private CompletableFuture<Webhook> view(StoredWebhook stored) {
    return views.of(List.of(stored)).thenApply(List::getFirst);
  }

  /** Fails if nothing would be sent there. It is looked up again before each connection. */
  private CompletableFuture<@Nullable Void> allowed(String url) {
    URI target;
    try {
      target = new URI(url);
    } catch (URISyntaxException e) {
      return CompletableFuture.failedFuture(refused("this is no address: " + e.getReason()));
    }
    return posts.check(target).thenCompose(refusal ->
        refusal == null
            ? CompletableFuture.completedFuture(null)
            : CompletableFuture.failedFuture(refused(refusal.reason())));
  }

  private static RefusedException refused(String why) {
    return new RefusedException(Refusal.of(ErrorReason.ERROR_REASON_TARGET_NOT_ALLOWED, why));
  }

  private static <R> void answer(CompletableFuture<R> answer, StreamObserver<R> response) {
    answer.whenComplete((value, failure) -> {
      if (failure == null) {
        response.onNext(value);
        response.onCompleted();
      } else {
        response.onError(status(failure));
      }
    });
  }

  /** What is none of ours goes as it is: it is logged and told as INTERNAL where all calls pass. */
  private static Throwable status(Throwable failure) {
    Throwable cause = failure.getCause();
    return switch (failure instanceof CompletionException && cause != null ? cause : failure) {
      case RefusedException e -> {
        Refusal refusal = e.refusal();
        yield Errors.status(refusal.reason(), refusal.message(), refusal.metadata(), refusal.retryAfter());
      }
      case LogException e -> status(e);
      case Throwable other -> other;
    };
  }

  private static Throwable status(LogException failure) {
    return switch (failure.kind()) {
      case NOT_SENT ->
          Errors.status(ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE, "the broker cannot be reached", Map.of(), RETRY);
      case UNKNOWN ->
          Errors.status(
              ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN, "the broker did not answer: look, then do it again", Map.of(), RETRY);
      case CONFLICT ->
          Errors.status(ErrorReason.ERROR_REASON_OVERLOADED, "others change it at the same time", Map.of(), RETRY);
      case FULL -> Errors.status(ErrorReason.ERROR_REASON_LOG_FULL, "the broker has no room");
      case REFUSED -> failure;
    };
  }
}
