package dev.parley.router.api;

import dev.parley.chassis.auth.Identities;
import dev.parley.chassis.auth.Identity;
import dev.parley.chassis.errors.Errors;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.RefusedException;
import dev.parley.router.session.Allowances.Kind;
import dev.parley.router.session.Allowances;
import dev.parley.router.shard.ShardHost;
import dev.parley.router.user.Profiles;
import io.grpc.stub.StreamObserver;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/** What all unary calls have in common: who calls, whether they may now, and how they are answered. Thread-safe. */
public final class Calls {
  private final Allowances allowances;
  private final Profiles profiles;
  private final InstantSource clock;

  /** Calls within these allowances. */
  public Calls(Allowances allowances, Profiles profiles, InstantSource clock) {
    this.allowances = allowances;
    this.profiles = profiles;
    this.clock = clock;
  }

  /** Who calls; the profile in the token is kept. */
  Identity caller() {
    Identity identity = Identities.current();
    profiles.seen(identity);
    return identity;
  }

  /** Does it if the user's allowance of this kind is not used up. */
  <T> CompletableFuture<T> within(Kind kind, String userId, Supplier<CompletableFuture<T>> action) {
    Refusal refusal = allowances.take(kind, userId, clock.instant());
    return refusal == null ? action.get() : CompletableFuture.failedFuture(new RefusedException(refusal));
  }

  /** Answers with what the caller, whose id is given, asks for. */
  <R> void read(StreamObserver<R> response, Function<String, CompletableFuture<R>> question) {
    String userId = caller().userId();
    answer(within(Kind.READ, userId, () -> question.apply(userId)), response);
  }

  /** Answers when there is an answer. */
  public static <R> void answer(CompletableFuture<R> answer, StreamObserver<R> response) {
    answer.whenComplete(
        (value, failure) -> {
          if (failure == null) {
            response.onNext(value);
            response.onCompleted();
          } else {
            response.onError(status(ShardHost.refusal(failure)));
          }
        });
  }

  /** A refusal as the call's status. */
  static RuntimeException status(Refusal refusal) {
    return Errors.status(refusal.reason(), refusal.message(), refusal.metadata(), refusal.retryAfter());
  }
}
