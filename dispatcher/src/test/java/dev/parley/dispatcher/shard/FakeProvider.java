package dev.parley.dispatcher.shard;

import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.push.PushProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** Takes every push, or answers as a test says. */
final class FakeProvider implements PushProvider {
  final List<Push> sent = new ArrayList<>();
  private Function<Push, CompletionStage<Answer>> answer = push -> accepted();

  static CompletionStage<Answer> accepted() {
    return CompletableFuture.completedStage(new Answer.Accepted());
  }

  void answers(Function<Push, CompletionStage<Answer>> with) {
    answer = with;
  }

  void answers(Answer with) {
    answers(push -> CompletableFuture.completedStage(with));
  }

  /** What was shown and taken away, in order. */
  List<String> told() {
    return sent.stream()
        .map(push -> {
          Push.Alert alert = push.alert();
          return push.target().getFcm().getToken() + " "
              + (alert == null ? "withdrawn" : alert.title() + ": " + alert.body()) + " " + push.badge();
        })
        .toList();
  }

  @Override
  public String name() {
    return "fcm";
  }

  @Override
  public CompletionStage<Answer> send(Push push) {
    sent.add(push);
    return answer.apply(push);
  }

  @Override
  public void close() {}
}
