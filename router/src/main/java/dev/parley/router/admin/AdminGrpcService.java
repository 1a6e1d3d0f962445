package dev.parley.router.admin;

import dev.parley.chassis.auth.Identities;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.RefusedException;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.tokens.RevokedTokens;
import dev.parley.internal.v1.DrainAnswer;
import dev.parley.internal.v1.DrainOrder;
import dev.parley.internal.v1.RouterQuestion;
import dev.parley.internal.v1.StatsQuestion;
import dev.parley.router.api.Calls;
import dev.parley.v1.AdminServiceGrpc;
import dev.parley.v1.DrainRouterRequest;
import dev.parley.v1.DrainRouterResponse;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.ExplainEventRequest;
import dev.parley.v1.ExplainEventResponse;
import dev.parley.v1.GetStatsRequest;
import dev.parley.v1.GetStatsResponse;
import dev.parley.v1.RevokeTokensRequest;
import dev.parley.v1.RevokeTokensResponse;
import dev.parley.v1.RouterStats;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** AdminService on the wire. That the caller is an operator was checked before. Thread-safe. */
public final class AdminGrpcService extends AdminServiceGrpc.AdminServiceImplBase {
  private static final Logger LOG = LoggerFactory.getLogger(AdminGrpcService.class);
  private static final Duration STATS = Duration.ofSeconds(1);
  private static final Duration DRAIN = Duration.ofSeconds(2);
  private static final Duration ASK_AGAIN = Duration.ofSeconds(3);

  /** A router whose clock is ahead may have revoked up to a time that is far away: nobody waits for that. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(2);

  private final Explanations explanations;
  private final RevokedTokens revoked;
  private final Routers routers;
  private final int shards;
  private final InstantSource clock;

  /** A service over these parts; {@code clock}: the one that says when tokens are revoked. */
  public AdminGrpcService(
      Explanations explanations, RevokedTokens revoked, Routers routers, int shards, InstantSource clock) {
    this.explanations = explanations;
    this.revoked = revoked;
    this.routers = routers;
    this.shards = shards;
    this.clock = clock;
  }

  @Override
  public void explainEvent(ExplainEventRequest request, StreamObserver<ExplainEventResponse> response) {
    Calls.answer(explanations.explain(request), response);
  }

  @Override
  public void revokeTokens(RevokeTokensRequest request, StreamObserver<RevokeTokensResponse> response) {
    LOG.info("operator {} revokes the tokens of user {}", Identities.current().userId(), request.getUserId());
    // Tokens say in whole seconds when they were issued: of one of the present second nobody knows whether it was before.
    Instant before = clock.instant().truncatedTo(ChronoUnit.SECONDS).plusSeconds(1);
    Calls.answer(
        revoked
            .revoke(request.getUserId(), before)
            .thenApplyAsync(
                since -> RevokeTokensResponse.newBuilder().setIssuedBefore(Timestamps.of(since)).build(),
                whenReached(before)),
        response);
  }

  private Executor whenReached(Instant time) {
    return task -> {
      Duration left = Duration.between(clock.instant(), time);
      long wait = Math.clamp(left.toMillis() + 1, 0, LONGEST_WAIT.toMillis());
      CompletableFuture.delayedExecutor(wait, TimeUnit.MILLISECONDS).execute(task);
    };
  }

  @Override
  public void drainRouter(DrainRouterRequest request, StreamObserver<DrainRouterResponse> response) {
    String router = request.getRouter();
    LOG.info("operator {} tells {} to leave", Identities.current().userId(), router);
    Calls.answer(routers.names().contains(router) ? drain(router) : notFound(router), response);
  }

  private CompletableFuture<DrainRouterResponse> drain(String router) {
    RouterQuestion order =
        RouterQuestion.newBuilder().setDrain(DrainOrder.newBuilder().setRouter(router)).build();
    return routers
        .ask(order, 1, DRAIN, DrainAnswer.parser())
        .thenApply(
            answers -> {
              if (answers.isEmpty()) {
                throw new RefusedException(
                    new Refusal(
                        ErrorReason.ERROR_REASON_OVERLOADED,
                        router + " is in the registry and does not answer",
                        Map.of(),
                        ASK_AGAIN));
              }
              return DrainRouterResponse.getDefaultInstance();
            });
  }

  private static CompletableFuture<DrainRouterResponse> notFound(String router) {
    return CompletableFuture.failedFuture(
        new RefusedException(
            Refusal.of(ErrorReason.ERROR_REASON_NOT_FOUND, "no router is called " + router + ": GetStats names them")));
  }

  @Override
  public void getStats(GetStatsRequest request, StreamObserver<GetStatsResponse> response) {
    List<String> names = routers.names();
    RouterQuestion question =
        RouterQuestion.newBuilder().setStats(StatsQuestion.getDefaultInstance()).build();
    Calls.answer(
        routers
            .ask(question, names.size(), STATS, RouterStats.parser())
            .thenApply(
                answers -> {
                  List<String> told = answers.stream().map(RouterStats::getRouter).toList();
                  return GetStatsResponse.newBuilder()
                      .addAllRouters(
                          answers.stream().sorted(Comparator.comparing(RouterStats::getRouter)).toList())
                      .addAllSilentRouters(names.stream().filter(name -> !told.contains(name)).toList())
                      .setShards(shards)
                      .build();
                }),
        response);
  }
}
