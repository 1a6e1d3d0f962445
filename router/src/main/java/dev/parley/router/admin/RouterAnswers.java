package dev.parley.router.admin;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.internal.v1.DrainAnswer;
import dev.parley.internal.v1.RouterQuestion;
import dev.parley.router.session.Acknowledged;
import dev.parley.v1.RouterStats;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What this router answers when all are asked. Thread-safe; never blocks. */
public final class RouterAnswers implements Function<byte[], CompletableFuture<List<byte[]>>> {
  private static final Logger LOG = LoggerFactory.getLogger(RouterAnswers.class);
  private static final CompletableFuture<List<byte[]>> NONE = CompletableFuture.completedFuture(List.of());
  /** So that whoever asks does not wait. */
  private static final CompletableFuture<List<byte[]>> UNKNOWN =
      CompletableFuture.completedFuture(List.of(new byte[0]));

  private final String name;
  private final Acknowledged acknowledged;
  private final Supplier<CompletableFuture<RouterStats>> stats;
  private final Runnable leave;

  /**
   * The answers of the router with this name.
   *
   * @param leave lets it begin to leave, as SIGTERM does, and returns at once
   */
  public RouterAnswers(
      String name, Acknowledged acknowledged, Supplier<CompletableFuture<RouterStats>> stats, Runnable leave) {
    this.name = name;
    this.acknowledged = acknowledged;
    this.stats = stats;
    this.leave = leave;
  }

  /** The parts of the answer to a {@link RouterQuestion}; none: it is not for this router, or not readable. */
  @Override
  public CompletableFuture<List<byte[]>> apply(byte[] question) {
    RouterQuestion asked;
    try {
      asked = RouterQuestion.parseFrom(question);
    } catch (InvalidProtocolBufferException e) {
      LOG.error("a question to all routers cannot be read", e);
      return NONE;
    }
    return switch (asked.getQuestionCase()) {
      case DELIVERED -> CompletableFuture.completedFuture(acknowledged.answer(asked.getDelivered()));
      case STATS -> stats.get().thenApply(told -> List.of(told.toByteArray()));
      case DRAIN -> drain(asked.getDrain().getRouter());
      case QUESTION_NOT_SET -> UNKNOWN;
    };
  }

  private CompletableFuture<List<byte[]>> drain(String router) {
    if (!router.equals(name)) {
      return NONE;
    }
    LOG.info("an operator tells {} to leave", name);
    leave.run();
    return CompletableFuture.completedFuture(
        List.of(DrainAnswer.newBuilder().setRouter(name).build().toByteArray()));
  }
}
