package dev.parley.dispatcher.webhook;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.parley.dispatcher.http.Post;
import dev.parley.dispatcher.http.PostOutcome;
import dev.parley.dispatcher.http.PostOutcome.Answered;
import dev.parley.dispatcher.http.PostOutcome.Unanswered;
import dev.parley.dispatcher.http.Posts;
import dev.parley.v1.WebhookPayload;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Partners' endpoints that answer as a test says: at once, or when it says so. */
final class Endpoints implements Posts {
  final List<Call> calls = new ArrayList<>();
  private final Map<String, Function<Call, @Nullable PostOutcome>> manners = new HashMap<>();

  /** A request that came. */
  record Call(String url, String id, WebhookPayload payload, CompletableFuture<PostOutcome> answer) {
    String text() {
      return payload.getData().getEvent().getMessage().getText();
    }

    void answer(int status) {
      answer.complete(status(status));
    }
  }

  static PostOutcome status(int status) {
    return new Answered(status, null, new byte[0]);
  }

  static PostOutcome status(int status, String retryAfter) {
    return new Answered(status, retryAfter, new byte[0]);
  }

  /** From now on this endpoint answers like this; null: when the test says so. */
  void manner(String url, Function<Call, @Nullable PostOutcome> manner) {
    manners.put(url, manner);
  }

  List<Call> to(String url) {
    return calls.stream().filter(call -> call.url().equals(url)).toList();
  }

  List<String> texts(String url) {
    return to(url).stream().map(Call::text).toList();
  }

  List<Call> open(String url) {
    return to(url).stream().filter(call -> !call.answer().isDone()).toList();
  }

  @Override
  public CompletableFuture<PostOutcome> post(Post post) {
    WebhookPayload.Builder payload = WebhookPayload.newBuilder();
    try {
      JsonFormat.parser().merge(new String(post.body(), StandardCharsets.UTF_8), payload);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
    String id = Objects.requireNonNull(post.headers().get("webhook-id"));
    Call call = new Call(post.target().toString(), id, payload.build(), new CompletableFuture<>());
    calls.add(call);
    PostOutcome outcome = manners.getOrDefault(call.url(), any -> status(200)).apply(call);
    if (outcome != null) {
      call.answer().complete(outcome);
    }
    return call.answer();
  }

  @Override
  public CompletableFuture<@Nullable Unanswered> check(URI target) {
    return CompletableFuture.completedFuture(
        "https".equals(target.getScheme())
            ? null
            : new Unanswered(PostOutcome.Failure.BAD_TARGET, "the address must begin with https"));
  }
}
