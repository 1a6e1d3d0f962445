package dev.parley.chassis.auth;

import io.grpc.Context;
import org.jspecify.annotations.Nullable;

/** Hands the caller's identity from the {@link AuthInterceptor} to the service, with gRPC's own context. */
public final class Identities {
  static final Context.Key<Identity> KEY = Context.key("parley.identity");

  private Identities() {}

  /**
   * The identity of the current call's caller. Valid on the thread and during the callback in which gRPC calls the
   * service; whoever works on later keeps the value.
   *
   * @throws IllegalStateException in a call without a token, that is in a public method
   */
  public static Identity current() {
    @Nullable Identity identity = KEY.get();
    if (identity == null) {
      throw new IllegalStateException("this call has no identity: its method is public");
    }
    return identity;
  }
}
