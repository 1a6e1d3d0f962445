package dev.parley.pushlab;

import dev.parley.pushlab.http.Answer;
import dev.parley.pushlab.http.Endpoint;
import dev.parley.pushlab.http.Fault;
import dev.parley.pushlab.http.Request;
import org.jspecify.annotations.Nullable;

/** An endpoint that needs to know the port on which it is served: until it does, it is not available. */
final class LateEndpoint implements Endpoint {
  private static final Answer NOT_YET = Answer.empty(503);

  private volatile @Nullable Endpoint endpoint;

  void become(Endpoint endpoint) {
    this.endpoint = endpoint;
  }

  @Override
  public Answer answer(Request request) {
    Endpoint now = endpoint;
    return now == null ? NOT_YET : now.answer(request);
  }

  @Override
  public Answer failure(Fault fault) {
    Endpoint now = endpoint;
    return now == null ? NOT_YET : now.failure(fault);
  }
}
