package dev.parley.pushlab.http;

/** What a push service answers. Called on the threads of the connections; must not block. */
public interface Endpoint {
  /** The answer to this request. */
  Answer answer(Request request);

  /** How this service says that it failed in this way. */
  Answer failure(Fault fault);

  /** Whether a fault may hit this request: what only prepares a push is spared. */
  default boolean mayFail(Request request) {
    return true;
  }
}
