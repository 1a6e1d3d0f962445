package dev.parley.dispatcher.push;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Stands for a provider without credentials. */
record NotConfigured(String name) implements PushProvider {
  @Override
  public CompletionStage<Answer> send(Push push) {
    return CompletableFuture.completedStage(new Answer.Rejected(name + " is not configured"));
  }

  @Override
  public void close() {}
}
