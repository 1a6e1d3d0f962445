package dev.parley.presence.link;

import static dev.parley.v1.ErrorReason.ERROR_REASON_INVALID_FIELD;
import static dev.parley.v1.ErrorReason.ERROR_REASON_PROTOCOL_VIOLATION;
import static dev.parley.v1.ErrorReason.ERROR_REASON_TOO_LARGE;

import dev.parley.chassis.errors.Errors;
import dev.parley.internal.v1.NodeEntry;
import dev.parley.internal.v1.NodeHello;
import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.ToPresence;
import dev.parley.presence.store.SubjectKey;
import io.grpc.StatusRuntimeException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Which frames of a router are taken. Whoever breaks a rule loses the link; the message says which one. */
final class FrameRules {
  /** How many of one kind a frame may have, each way. */
  static final int IN_A_FRAME = 1_000;

  private static final int ID_BYTES = 128;
  private static final Pattern NODE = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

  private FrameRules() {}

  /**
   * Checks the order of frames.
   *
   * @throws StatusRuntimeException if the first one has no hello, or another one has
   */
  static void checkOrder(boolean first, ToPresence frame) {
    if (first != frame.hasHello()) {
      throw Errors.status(
          ERROR_REASON_PROTOCOL_VIOLATION,
          first ? "the first frame needs the hello" : "the hello was said before: only the first frame has it");
    }
  }

  /**
   * Checks the name.
   *
   * @throws StatusRuntimeException if it is none
   */
  static void checkHello(NodeHello hello) {
    if (!NODE.matcher(hello.getNode()).matches()) {
      throw Errors.status(
          ERROR_REASON_INVALID_FIELD,
          "hello.node must be 1 to 64 letters, digits, '-', '_' and '.': check the router's name");
    }
  }

  /**
   * Checks sizes.
   *
   * @throws StatusRuntimeException if the frame has too much of one kind
   */
  static void checkSizes(ToPresence frame) {
    checkSize("entries", frame.getEntriesCount());
    checkSize("watch", frame.getWatchCount());
    checkSize("unwatch", frame.getUnwatchCount());
  }

  private static void checkSize(String field, int size) {
    if (size > IN_A_FRAME) {
      throw Errors.status(
          ERROR_REASON_TOO_LARGE, field + " has " + size + " in one frame: send at most " + IN_A_FRAME);
    }
  }

  /**
   * The subject; null: one of a kind that only a newer release knows.
   *
   * @throws StatusRuntimeException if it names none, or has an id that cannot be one
   */
  static @Nullable SubjectKey subject(Subject subject) {
    SubjectKey key = SubjectKey.of(subject);
    if (key != null) {
      checkId(key.id());
    } else if (subject.getUnknownFields().asMap().isEmpty()) {
      throw Errors.status(ERROR_REASON_INVALID_FIELD, "a subject names neither a user nor a conversation");
    }
    return key;
  }

  private static void checkId(String id) {
    if (id.isEmpty() || id.length() > ID_BYTES || id.getBytes(StandardCharsets.UTF_8).length > ID_BYTES) {
      throw Errors.status(ERROR_REASON_INVALID_FIELD, "an id must have 1 to " + ID_BYTES + " bytes");
    }
  }

  /**
   * Checks what is said of a subject.
   *
   * @throws StatusRuntimeException if it does not fit the subject or is too large
   */
  static void checkEntry(SubjectKey subject, NodeEntry entry, int valueBytes) {
    boolean user = subject.kind() == SubjectKey.Kind.USER;
    if (user ? entry.hasRoom() : entry.hasUser() || entry.hasLastKnown()) {
      throw Errors.status(ERROR_REASON_INVALID_FIELD, "an entry's value is not of the kind of its subject");
    }
    if (entry.getLastKnown().getSeenMs() < 0) {
      throw Errors.status(ERROR_REASON_INVALID_FIELD, "last_known.seen_ms must not be negative");
    }
    if (entry.getSerializedSize() > valueBytes) {
      throw Errors.status(
          ERROR_REASON_TOO_LARGE,
          "an entry has " + entry.getSerializedSize() + " bytes: at most " + valueBytes + " (times.value-bytes)");
    }
    List<String> named = entry.getRoom().getUserIdsList();
    if (named.size() > Integer.toUnsignedLong(entry.getRoom().getCount())) {
      throw Errors.status(ERROR_REASON_INVALID_FIELD, "a room names more users than it counts");
    }
    named.forEach(FrameRules::checkId);
  }
}
