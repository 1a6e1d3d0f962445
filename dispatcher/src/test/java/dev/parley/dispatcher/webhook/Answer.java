package dev.parley.dispatcher.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chassis.errors.Errors;
import dev.parley.v1.ErrorReason;
import io.grpc.stub.StreamObserver;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiConsumer;

/** The answer of a unary call. */
final class Answer<R> implements StreamObserver<R> {
  private final CompletableFuture<R> answer = new CompletableFuture<>();

  private Answer() {}

  /** What the call answers with. */
  static <Q, R> R of(BiConsumer<Q, StreamObserver<R>> call, Q request) {
    Answer<R> answer = new Answer<>();
    call.accept(request, answer);
    return answer.answer.join();
  }

  /** Why the call is refused. */
  static <Q, R> ErrorReason refusal(BiConsumer<Q, StreamObserver<R>> call, Q request) {
    Answer<R> answer = new Answer<>();
    call.accept(request, answer);
    try {
      throw new AssertionError("not refused: " + answer.answer.join());
    } catch (CompletionException e) {
      return Errors.reason(Objects.requireNonNull(Errors.info(Objects.requireNonNull(e.getCause()))));
    }
  }

  @Override
  public void onNext(R value) {
    assertThat(answer.complete(value)).isTrue();
  }

  @Override
  public void onError(Throwable failure) {
    answer.completeExceptionally(failure);
  }

  @Override
  public void onCompleted() {
    assertThat(answer).isCompleted();
  }
}
