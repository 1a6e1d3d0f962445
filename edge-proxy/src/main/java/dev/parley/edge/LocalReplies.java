package dev.parley.edge;

import com.google.protobuf.Any;
import dev.parley.chassis.errors.Errors;
import dev.parley.v1.ErrorReason;
import io.grpc.Status;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What Envoy says when it refuses a call by itself, so that clients see the same typed errors as from a service: the
 * details travel as {@code google.rpc.Status} in a header, made ready here.
 */
final class LocalReplies {
  /** Health checks find a router that came back within two of their intervals. */
  private static final Duration RETRY = Duration.ofSeconds(2);

  /** The first that matches is taken. */
  private static final List<Reply> REPLIES =
      List.of(
          new Reply(
              "response.code_details.contains('Jwt_is_missing')",
              Status.Code.UNAUTHENTICATED,
              ErrorReason.ERROR_REASON_TOKEN_MISSING,
              "send authorization: Bearer <token>",
              null),
          new Reply(
              "response.code_details.contains('Jwt_is_expired')",
              Status.Code.UNAUTHENTICATED,
              ErrorReason.ERROR_REASON_TOKEN_EXPIRED,
              "the token has ended; get a new one",
              null),
          new Reply(
              "response.code_details.startsWith('jwt_authn_access_denied')",
              Status.Code.UNAUTHENTICATED,
              ErrorReason.ERROR_REASON_TOKEN_INVALID,
              "the token is not accepted",
              null),
          // The router had the call when its connection broke or its time was over: nobody knows what became of it.
          new Reply(
              "response.code_details.startsWith('upstream_reset_after_response_started')"
                  + " || response.code_details.contains('connection_termination')"
                  + " || response.code_details.contains('remote_reset')"
                  + " || response.code_details.startsWith('response_timeout')",
              Status.Code.UNAVAILABLE,
              ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN,
              "the router went away during the call; send the same id again",
              RETRY),
          new Reply(
              "response.code == 503",
              Status.Code.UNAVAILABLE,
              ErrorReason.ERROR_REASON_OVERLOADED,
              "no router can take the call now",
              RETRY));

  private LocalReplies() {}

  /**
   * One refusal.
   *
   * @param when an expression over Envoy's attributes
   * @param code what Envoy's own HTTP status becomes in gRPC; the details must say the same
   */
  private record Reply(
      String when, Status.Code code, ErrorReason reason, String message, @Nullable Duration retry) {
    String yaml() {
      return """
          # %s
          - filter:
              extension_filter:
                name: envoy.access_loggers.extension_filters.cel
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter
                  expression: %s
            body: { inline_string: %s }
            headers_to_add:
              - header: { key: grpc-status-details-bin, value: %s }
                append_action: OVERWRITE_IF_EXISTS_OR_ADD
          """
          .formatted(
              Errors.name(reason),
              EnvoyBootstrap.quoted(when),
              EnvoyBootstrap.quoted(message),
              EnvoyBootstrap.quoted(details()));
    }

    private String details() {
      com.google.rpc.Status.Builder status =
          com.google.rpc.Status.newBuilder()
              .setCode(code.value())
              .setMessage(message)
              .addDetails(Any.pack(Errors.info(reason, Map.of())));
      if (retry != null) {
        status.addDetails(Any.pack(Errors.retry(retry)));
      }
      return Base64.getEncoder().withoutPadding().encodeToString(status.build().toByteArray());
    }
  }

  static String yaml() {
    return REPLIES.stream().map(Reply::yaml).collect(Collectors.joining());
  }
}
