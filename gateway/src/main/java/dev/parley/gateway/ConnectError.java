package dev.parley.gateway;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.parley.chassis.errors.Errors;
import dev.parley.v1.ErrorReason;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;

/** Errors of unary calls as the Connect protocol writes them: an object with code, message and details, and its status. */
final class ConnectError {
  private static final String TYPE_PREFIX = "type.googleapis.com/";
  private static final HttpResponseStatus CLIENT_CLOSED = new HttpResponseStatus(499, "Client Closed Request");
  private static final Duration RETRY = Duration.ofSeconds(2);

  private ConnectError() {}

  /** From what a call ended with. */
  static HttpAnswer of(Status status, Metadata trailers) {
    return of(StatusProto.fromStatusAndTrailers(status, trailers));
  }

  /** A refusal of the gateway itself. */
  static HttpAnswer of(ErrorReason reason, String message) {
    boolean wait = reason == ErrorReason.ERROR_REASON_OVERLOADED;
    return of(Errors.details(reason, message, Map.of(), wait ? RETRY : null));
  }

  /** A refusal of the gateway itself that has no reason in the contract. */
  static HttpAnswer of(Status.Code code, String message) {
    return of(com.google.rpc.Status.newBuilder().setCode(code.value()).setMessage(message).build());
  }

  private static HttpAnswer of(com.google.rpc.Status status) {
    Status.Code code = Status.fromCodeValue(status.getCode()).getCode();
    StringBuilder json = new StringBuilder("{\"code\":\"").append(name(code)).append('"');
    if (!status.getMessage().isEmpty()) {
      json.append(",\"message\":").append(quoted(status.getMessage()));
    }
    if (status.getDetailsCount() > 0) {
      json.append(",\"details\":[");
      String comma = "";
      for (Any detail : status.getDetailsList()) {
        json.append(comma).append(detail(detail));
        comma = ",";
      }
      json.append(']');
    }
    json.append('}');
    return new HttpAnswer(
        http(code), UnaryCalls.JSON, json.toString().getBytes(StandardCharsets.UTF_8), Map.of("cache-control", "no-store"));
  }

  /** The bytes, and beside them, for people and for programs without a schema, what they say. */
  private static String detail(Any detail) {
    String type = detail.getTypeUrl().replace(TYPE_PREFIX, "");
    String value = Base64.getEncoder().withoutPadding().encodeToString(detail.getValue().toByteArray());
    String json = "{\"type\":" + quoted(type) + ",\"value\":\"" + value + "\"";
    try {
      if (detail.is(ErrorInfo.class)) {
        json += debug(detail.unpack(ErrorInfo.class));
      } else if (detail.is(RetryInfo.class)) {
        json += debug(detail.unpack(RetryInfo.class));
      }
    } catch (InvalidProtocolBufferException e) {
      // The bytes are passed on as they are; whoever reads them sees what is wrong with them.
      return json + "}";
    }
    return json + "}";
  }

  private static String debug(Message detail) throws InvalidProtocolBufferException {
    return ",\"debug\":" + Json.write(detail);
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < ' ' || c > '~') {
        quoted.append(String.format("\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }

  private static String name(Status.Code code) {
    return code == Status.Code.CANCELLED ? "canceled" : code.name().toLowerCase(Locale.ROOT);
  }

  private static HttpResponseStatus http(Status.Code code) {
    return switch (code) {
      case CANCELLED -> CLIENT_CLOSED;
      case INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE -> HttpResponseStatus.BAD_REQUEST;
      case DEADLINE_EXCEEDED -> HttpResponseStatus.GATEWAY_TIMEOUT;
      case NOT_FOUND -> HttpResponseStatus.NOT_FOUND;
      case ALREADY_EXISTS, ABORTED -> HttpResponseStatus.CONFLICT;
      case PERMISSION_DENIED -> HttpResponseStatus.FORBIDDEN;
      case RESOURCE_EXHAUSTED -> HttpResponseStatus.TOO_MANY_REQUESTS;
      case UNIMPLEMENTED -> HttpResponseStatus.NOT_IMPLEMENTED;
      case UNAVAILABLE -> HttpResponseStatus.SERVICE_UNAVAILABLE;
      case UNAUTHENTICATED -> HttpResponseStatus.UNAUTHORIZED;
      case OK, UNKNOWN, INTERNAL, DATA_LOSS -> HttpResponseStatus.INTERNAL_SERVER_ERROR;
    };
  }
}
