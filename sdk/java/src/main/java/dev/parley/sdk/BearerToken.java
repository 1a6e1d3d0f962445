package dev.parley.sdk;

import io.grpc.CallCredentials;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.Executor;

/** Puts a token of a {@link TokenSource} on each call. */
final class BearerToken extends CallCredentials {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final TokenSource tokens;

  BearerToken(TokenSource tokens) {
    this.tokens = tokens;
  }

  @Override
  public void applyRequestMetadata(RequestInfo request, Executor executor, MetadataApplier applier) {
    tokens.token().whenComplete((token, failure) -> {
      if (failure != null) {
        applier.fail(Status.UNAUTHENTICATED.withDescription("No token could be had").withCause(failure));
      } else {
        Metadata headers = new Metadata();
        headers.put(AUTHORIZATION, "Bearer " + token);
        applier.apply(headers);
      }
    });
  }
}
