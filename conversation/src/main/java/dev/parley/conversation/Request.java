package dev.parley.conversation;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import dev.parley.v1.Command;
import dev.parley.v1.ConversationKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.time.Instant;

/**
 * A user's command that keeps the contract's rules, with what is derived from it once.
 *
 * @param userId who wants it; authenticated
 * @param conversationId where; filled in for the creation of a direct conversation
 * @param command without fields that this version does not know
 * @param fingerprint the first 8 bytes of SHA-256 of the user id, length-prefixed, and the client event id
 * @param bodyHash the first 8 bytes of SHA-256 of the action's number and its canonical bytes
 * @param idTime the time in the client event id
 * @param trace the context of the span that follows it, as text; empty: none does
 */
public record Request(
    String userId,
    String conversationId,
    Command command,
    long fingerprint,
    long bodyHash,
    Instant idTime,
    String trace) {
  /**
   * Checks a command with the contract's limits.
   *
   * @throws RefusedException INVALID_FIELD, TOO_LARGE or UNKNOWN_FRAME
   */
  public static Request of(String userId, Command command) throws RefusedException {
    return of(userId, command, ConversationLimits.DEFAULT);
  }

  /**
   * Checks a command.
   *
   * @throws RefusedException INVALID_FIELD, TOO_LARGE or UNKNOWN_FRAME
   */
  public static Request of(String userId, Command command, ConversationLimits limits) throws RefusedException {
    new CommandRules(limits).check(userId, command);
    Command known = KnownFields.only(command);
    return new Request(
        userId,
        conversationIdOf(userId, known),
        known,
        fingerprint(userId, known.getClientEventId()),
        bodyHash(known),
        ClientEventIds.timeOf(known.getClientEventId()),
        "");
  }

  /** The same, followed by the span of this context; empty: by none. */
  public Request traced(String context) {
    return context.isEmpty()
        ? this
        : new Request(userId, conversationId, command, fingerprint, bodyHash, idTime, context);
  }

  private static String conversationIdOf(String userId, Command command) {
    return isDirectCreation(command)
        ? ConversationIds.direct(userId, command.getCreate().getMemberIds(0))
        : command.getConversationId();
  }

  static boolean isDirectCreation(Command command) {
    return command.hasCreate() && command.getCreate().getKind() == ConversationKind.CONVERSATION_KIND_DIRECT;
  }

  private static long fingerprint(String userId, String clientEventId) {
    MessageDigest digest = Digests.sha256();
    Digests.addLengthPrefixed(digest, Digests.utf8(userId));
    digest.update(Digests.utf8(clientEventId));
    return Digests.firstLong(digest.digest());
  }

  private static long bodyHash(Command command) {
    MessageDigest digest = Digests.sha256();
    Digests.addInt(digest, command.getActionCase().getNumber());
    digest.update(canonical(action(command)));
    return Digests.firstLong(digest.digest());
  }

  private static MessageLite action(Command command) {
    return switch (command.getActionCase()) {
      case MESSAGE -> command.getMessage();
      case EDIT -> command.getEdit();
      case DELETION -> command.getDeletion();
      case REACTION -> command.getReaction();
      case CREATE -> command.getCreate();
      case ADD_MEMBERS -> command.getAddMembers();
      case REMOVE_MEMBER -> command.getRemoveMember();
      case JOIN -> command.getJoin();
      case LEAVE -> command.getLeave();
      case SET_ROLE -> command.getSetRole();
      case RENAME -> command.getRename();
      case ACTION_NOT_SET -> throw new IllegalArgumentException("a checked command has an action");
    };
  }

  /** Bytes that are equal for equal messages: maps are sorted by key. */
  private static byte[] canonical(MessageLite message) {
    byte[] bytes = new byte[message.getSerializedSize()];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.useDeterministicSerialization();
    try {
      message.writeTo(out);
    } catch (IOException e) {
      throw new UncheckedIOException("an array of the message's own size takes the message", e);
    }
    return bytes;
  }
}
