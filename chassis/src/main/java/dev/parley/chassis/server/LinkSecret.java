package dev.parley.chassis.server;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/** The secret that the services of one deployment show each other. Thread-safe. */
public final class LinkSecret implements ServerInterceptor {
  /** The metadata key that carries it. */
  public static final Metadata.Key<String> KEY = Metadata.Key.of("parley-link-secret", Metadata.ASCII_STRING_MARSHALLER);

  private final @Nullable String secret;

  /** The secret; null: anybody is let in. */
  public LinkSecret(@Nullable String secret) {
    this.secret = secret;
  }

  /** Shows it with every call. */
  public io.grpc.ClientInterceptor shown() {
    Metadata metadata = new Metadata();
    if (secret != null) {
      metadata.put(KEY, secret);
    }
    return MetadataUtils.newAttachHeadersInterceptor(metadata);
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (secret != null && !matches(headers.get(KEY))) {
      call.close(
          Status.UNAUTHENTICATED.withDescription("the link needs the deployment's secret: check link.secret"),
          new Metadata());
      return new ServerCall.Listener<>() {};
    }
    return next.startCall(call, headers);
  }

  /** In the same time whatever is wrong with it. */
  private boolean matches(@Nullable String shown) {
    return shown != null
        && secret != null
        && MessageDigest.isEqual(
            shown.getBytes(StandardCharsets.UTF_8), secret.getBytes(StandardCharsets.UTF_8));
  }
}
