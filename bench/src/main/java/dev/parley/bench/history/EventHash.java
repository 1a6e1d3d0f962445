package dev.parley.bench.history;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import dev.parley.v1.Event;
import java.io.IOException;

/** 64-bit hashes that stand for events, so that a history of millions fits into memory. */
final class EventHash {
  private static final long PRIME = 0x100000001b3L;
  private static final long BASIS = 0xcbf29ce484222325L;

  private EventHash() {}

  /** Who sent it under which id: never 0. */
  static long identity(String senderId, String clientEventId) {
    long hash = text(text(BASIS, senderId) * PRIME, clientEventId);
    long mixed = mix(hash);
    return mixed == 0 ? 1 : mixed;
  }

  /** Who: never 0. */
  static long user(String userId) {
    return identity(userId, "");
  }

  /** What it says: never 0, except for an event whose body was deleted, which is 0. */
  static long body(Event event) {
    MessageLite body = switch (event.getBodyCase()) {
      case MESSAGE -> event.getMessage();
      case EDIT -> event.getEdit();
      case DELETION -> event.getDeletion();
      case REACTION -> event.getReaction();
      case CREATED -> event.getCreated();
      case MEMBERS_ADDED -> event.getMembersAdded();
      case MEMBER_REMOVED -> event.getMemberRemoved();
      case MEMBER_JOINED -> event.getMemberJoined();
      case MEMBER_LEFT -> event.getMemberLeft();
      case ROLE_CHANGED -> event.getRoleChanged();
      case RENAMED -> event.getRenamed();
      case BODY_NOT_SET -> null;
    };
    if (body == null) {
      return 0;
    }
    long hash = BASIS + event.getBodyCase().getNumber();
    for (byte each : bytes(body)) {
      hash = (hash ^ each) * PRIME;
    }
    long mixed = mix(hash);
    return mixed == 0 ? 1 : mixed;
  }

  private static byte[] bytes(MessageLite message) {
    byte[] bytes = new byte[message.getSerializedSize()];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.useDeterministicSerialization();
    try {
      message.writeTo(out);
    } catch (IOException impossible) {
      throw new IllegalStateException("An array of the right size cannot overflow", impossible);
    }
    return bytes;
  }

  private static long text(long hash, String text) {
    long result = hash;
    for (int i = 0; i < text.length(); i++) {
      result = (result ^ text.charAt(i)) * PRIME;
    }
    return result;
  }

  private static long mix(long value) {
    long mixed = (value ^ (value >>> 33)) * 0xff51afd7ed558ccdL;
    return mixed ^ (mixed >>> 33);
  }
}
