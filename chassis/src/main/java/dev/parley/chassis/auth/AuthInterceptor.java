package dev.parley.chassis.auth;

import com.google.protobuf.Descriptors.MethodDescriptor;
import dev.parley.chassis.errors.Errors;
import dev.parley.v1.Authorization;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.OptionsProto;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lets a call pass as the {@code authorization} option of its method says: public ones at once, all others with a valid
 * token, some only with an operator's, whose identity they find in {@link Identities#current()}. What a user may do to one object is the service's
 * own question.
 */
public final class AuthInterceptor implements ServerInterceptor {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final String BEARER = "Bearer ";

  private final TokenVerifier verifier;
  private final Set<String> publicMethods = new HashSet<>();
  private final Set<String> operatorMethods = new HashSet<>();

  /**
   * Guards these services.
   *
   * @throws IllegalArgumentException if a method carries no decision about who may call it
   */
  public AuthInterceptor(TokenVerifier verifier, Collection<ServerServiceDefinition> services) {
    this.verifier = verifier;
    for (ServerServiceDefinition service : services) {
      for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
        String name = method.getMethodDescriptor().getFullMethodName();
        Authorization rule = rule(method);
        if (rule == Authorization.AUTHORIZATION_PUBLIC) {
          publicMethods.add(name);
        } else if (rule == Authorization.AUTHORIZATION_OPERATOR) {
          operatorMethods.add(name);
        }
      }
    }
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String method = call.getMethodDescriptor().getFullMethodName();
    if (publicMethods.contains(method)) {
      return next.startCall(call, headers);
    }
    Identity identity;
    try {
      identity = verifier.verify(bearer(headers.get(AUTHORIZATION)));
      if (operatorMethods.contains(method) && !identity.operator()) {
        throw new TokenException(
            ErrorReason.ERROR_REASON_OPERATOR_ONLY,
            "only for operators: the token's claim scope must hold " + TokenVerifier.OPERATOR);
      }
    } catch (TokenException e) {
      StatusRuntimeException refusal = Errors.status(e.reason(), e.getMessage());
      call.close(refusal.getStatus(), Errors.trailers(refusal));
      return new ServerCall.Listener<>() {};
    }
    Context context = Context.current().withValue(Identities.KEY, identity);
    return Contexts.interceptCall(context, call, headers, next);
  }

  private static @Nullable String bearer(@Nullable String header) {
    // The scheme's name has no case (RFC 9110).
    if (header == null || !header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return null;
    }
    return header.substring(BEARER.length()).strip();
  }

  private static Authorization rule(ServerMethodDefinition<?, ?> method) {
    if (method.getMethodDescriptor().getSchemaDescriptor() instanceof ProtoMethodDescriptorSupplier supplier) {
      MethodDescriptor descriptor = supplier.getMethodDescriptor();
      Authorization rule = descriptor.getOptions().getExtension(OptionsProto.authorization);
      if (rule != Authorization.AUTHORIZATION_UNSPECIFIED && rule != Authorization.UNRECOGNIZED) {
        return rule;
      }
    }
    throw new IllegalArgumentException(
        method.getMethodDescriptor().getFullMethodName() + " does not say who may call it (option authorization)");
  }
}
