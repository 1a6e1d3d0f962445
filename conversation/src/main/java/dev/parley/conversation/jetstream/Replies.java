package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import io.nats.client.Message;
import io.nats.client.support.JsonParseException;
import io.nats.client.support.JsonParser;
import io.nats.client.support.JsonValue;
import io.nats.client.support.Status;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads what the broker answers, and says in the port's words what an error means. */
final class Replies {
  private static final int NOT_FOUND_STATUS = 404;
  private static final int SERVER_ERRORS = 500;

  // JetStream's error codes.
  private static final int MESSAGE_NOT_FOUND = 10037;
  private static final int SEQUENCE_NOT_FOUND = 10043;
  private static final int STORAGE_EXCEEDED = 10047;
  private static final int INSUFFICIENT_RESOURCES = 10023;
  private static final int DELETE_FAILED = 10057;
  private static final int WRONG_LAST_SEQUENCE = 10071;
  private static final int STORE_FAILED = 10077;
  /** Another append to the place is under way on its way through the cluster: it says nothing of this one's end. */
  private static final int WRONG_LAST_SEQUENCE_IN_FLIGHT = 10164;

  private static final String SEQUENCE = "Nats-Sequence";

  private Replies() {}

  /** The sequence under which a message was stored. */
  static long storedSequence(Message reply) {
    Long sequence = longAt(json(reply), "seq");
    if (sequence == null) {
      throw new LogException(Kind.UNKNOWN, "an acknowledgement without a sequence");
    }
    return sequence;
  }

  /** How far the stream goes whose state this is. */
  static Requests.Extent extent(Message reply) {
    Map<String, JsonValue> answer = json(reply);
    Map<String, JsonValue> state = mapAt(answer, "state");
    Long first = longAt(state, "first_seq");
    Long last = longAt(state, "last_seq");
    Long bytes = longAt(state, "bytes");
    if (first == null || last == null || bytes == null) {
      throw new LogException(Kind.UNKNOWN, "a stream's state without its sequences and bytes");
    }
    Long maxBytes = longAt(mapAt(answer, "config"), "max_bytes");
    long room = maxBytes != null && maxBytes > 0 ? maxBytes : Long.MAX_VALUE;
    return new Requests.Extent(Math.max(first, 1), last, bytes, room);
  }

  /** The message that the leader sent; null: there is none. */
  static @Nullable StoredRecord leaderMessage(Message reply) {
    Map<String, JsonValue> message = message(reply);
    if (message == null) {
      return null;
    }
    Long sequence = longAt(message, "seq");
    if (sequence == null) {
      throw new LogException(Kind.UNKNOWN, "a message without a sequence");
    }
    String data = textAt(message, "data");
    return new StoredRecord(sequence, data == null ? new byte[0] : Base64.getDecoder().decode(data));
  }

  /** The subject of the message that the leader sent; null: there is none. */
  static @Nullable String leaderSubject(Message reply) {
    Map<String, JsonValue> message = message(reply);
    return message == null ? null : textAt(message, "subject");
  }

  private static @Nullable Map<String, JsonValue> message(Message reply) {
    Map<String, JsonValue> answer = parsed(reply);
    if (errorCode(answer) == MESSAGE_NOT_FOUND) {
      return null;
    }
    throwIfError(answer);
    JsonValue message = answer.get("message");
    return message == null ? Map.of() : map(message);
  }

  /** The message that a direct get brought, at the position it was asked for; null: it is not there. */
  static @Nullable StoredRecord directMessage(Message reply, long position) {
    if (reply.isStatusMessage()) {
      Status status = reply.getStatus();
      if (status.getCode() == NOT_FOUND_STATUS) {
        return null;
      }
      throw statusError(status);
    }
    return new StoredRecord(position, reply.getData());
  }

  /** The message that a direct get brought, with the sequence that it says; null: there is none. */
  static @Nullable StoredRecord directMessage(Message reply) {
    String sequence = reply.isStatusMessage() || reply.getHeaders() == null ? null : reply.getHeaders().getFirst(SEQUENCE);
    if (!reply.isStatusMessage() && sequence == null) {
      throw new LogException(Kind.UNKNOWN, "a message without a sequence");
    }
    return directMessage(reply, sequence == null ? 0 : Long.parseLong(sequence));
  }

  /** Accepts that a message was deleted, now or before. */
  static @Nullable Void deleted(Message reply) {
    Map<String, JsonValue> answer = parsed(reply);
    int code = errorCode(answer);
    boolean wasGone = code == SEQUENCE_NOT_FOUND
        || code == MESSAGE_NOT_FOUND
        || code == DELETE_FAILED && description(answer).contains("no message found");
    if (!wasGone) {
      throwIfError(answer);
    }
    return null;
  }

  /** Accepts whatever is not an error. */
  static @Nullable Void done(Message reply) {
    json(reply);
    return null;
  }

  private static Map<String, JsonValue> json(Message reply) {
    Map<String, JsonValue> answer = parsed(reply);
    throwIfError(answer);
    return answer;
  }

  private static Map<String, JsonValue> parsed(Message reply) {
    if (reply.isStatusMessage()) {
      throw statusError(reply.getStatus());
    }
    try {
      return map(JsonParser.parse(reply.getData()));
    } catch (JsonParseException e) {
      throw new LogException(Kind.UNKNOWN, "an unreadable answer: " + e.getMessage());
    }
  }

  private static LogException statusError(Status status) {
    // Nobody listens on the subject: the server handed the message to no stream, and never will.
    return status.isNoResponders()
        ? new LogException(Kind.NOT_SENT, "JetStream is not there")
        : new LogException(Kind.UNKNOWN, "the broker answered " + status.getMessageWithCode());
  }

  private static void throwIfError(Map<String, JsonValue> answer) {
    if (answer.containsKey("error")) {
      String description = description(answer);
      throw new LogException(kindOf(answer, description), description + " (" + errorCode(answer) + ")");
    }
  }

  private static Kind kindOf(Map<String, JsonValue> answer, String description) {
    return switch (errorCode(answer)) {
      case WRONG_LAST_SEQUENCE -> Kind.CONFLICT;
      case WRONG_LAST_SEQUENCE_IN_FLIGHT -> Kind.UNKNOWN;
      case STORAGE_EXCEEDED, INSUFFICIENT_RESOURCES -> Kind.FULL;
      // The same code stands for a limit, checked before anything is written, and for a disk that failed.
      case STORE_FAILED -> description.contains("maximum") ? Kind.FULL : Kind.UNKNOWN;
      default -> {
        Long status = longAt(error(answer), "code");
        yield status == null || status >= SERVER_ERRORS ? Kind.UNKNOWN : Kind.REFUSED;
      }
    };
  }

  private static int errorCode(Map<String, JsonValue> answer) {
    Long code = longAt(error(answer), "err_code");
    return code == null ? 0 : code.intValue();
  }

  private static String description(Map<String, JsonValue> answer) {
    String description = textAt(error(answer), "description");
    return description == null ? "" : description;
  }

  private static Map<String, JsonValue> error(Map<String, JsonValue> answer) {
    JsonValue error = answer.get("error");
    return error == null ? Map.of() : map(error);
  }

  private static Map<String, JsonValue> map(JsonValue value) {
    return value.map == null ? Map.of() : value.map;
  }

  private static Map<String, JsonValue> mapAt(Map<String, JsonValue> fields, String name) {
    JsonValue value = fields.get(name);
    return value == null ? Map.of() : map(value);
  }

  private static @Nullable Long longAt(Map<String, JsonValue> fields, String name) {
    JsonValue value = fields.get(name);
    return value == null || value.number == null ? null : value.number.longValue();
  }

  private static @Nullable String textAt(Map<String, JsonValue> fields, String name) {
    JsonValue value = fields.get(name);
    return value == null ? null : value.string;
  }
}
