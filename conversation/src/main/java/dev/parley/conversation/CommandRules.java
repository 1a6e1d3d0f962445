package dev.parley.conversation;

import dev.parley.v1.AddMembers;
import dev.parley.v1.Attachment;
import dev.parley.v1.Command;
import dev.parley.v1.ConversationKind;
import dev.parley.v1.CreateConversation;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.HistoryPolicy;
import dev.parley.v1.JoinPolicy;
import dev.parley.v1.Message;
import dev.parley.v1.Reaction;
import dev.parley.v1.Role;
import java.util.HashSet;
import java.util.List;

/**
 * The contract's rules for commands that need no state: the same that the proto files state, in plain code because this
 * runs for every frame, and those that protovalidate cannot say. Sizes of text are bytes of UTF-8.
 */
final class CommandRules {
  private static final int MAX_ATTACHMENTS = 32;
  private static final int MAX_URI_BYTES = 2_048;
  private static final int MAX_MEDIA_TYPE_BYTES = 128;
  private static final int MAX_NAME_BYTES = 256;
  private static final int MAX_MENTIONS = 100;
  private static final int MAX_METADATA_PAIRS = 32;
  private static final int MAX_METADATA_KEY_BYTES = 64;
  private static final int MAX_METADATA_VALUE_BYTES = 1_024;
  private static final int MAX_SYMBOL_BYTES = 64;

  private final ConversationLimits limits;

  CommandRules(ConversationLimits limits) {
    this.limits = limits;
  }

  void check(String userId, Command command) {
    checkUser("user_id", userId);
    require(
        ClientEventIds.isValid(command.getClientEventId()),
        "client_event_id",
        "must be a UUIDv7 in canonical, lower-case text");
    checkConversationId(userId, command);
    switch (command.getActionCase()) {
      case MESSAGE -> checkMessage("message", command.getMessage());
      case EDIT -> {
        checkTarget("edit.target_seq", command.getEdit().getTargetSeq());
        checkMessage("edit.message", command.getEdit().getMessage());
      }
      case DELETION -> checkTarget("deletion.target_seq", command.getDeletion().getTargetSeq());
      case REACTION -> checkReaction(command.getReaction());
      case CREATE -> checkCreate(command.getCreate());
      case ADD_MEMBERS -> checkAddMembers(command.getAddMembers());
      case REMOVE_MEMBER -> {
        checkUser("remove_member.user_id", command.getRemoveMember().getUserId());
        require(
            !command.getRemoveMember().getUserId().equals(userId),
            "remove_member.user_id",
            "must be somebody else; to go oneself, leave");
      }
      case SET_ROLE -> {
        checkUser("set_role.user_id", command.getSetRole().getUserId());
        Role role = command.getSetRole().getRole();
        require(role != Role.ROLE_UNSPECIFIED && role != Role.UNRECOGNIZED, "set_role.role", "must be a known role");
      }
      case RENAME -> checkText("rename.title", command.getRename().getTitle(), 0, limits.titleBytes());
      case JOIN, LEAVE -> {}
      case ACTION_NOT_SET -> throw new RefusedException(Refusal.of(
          ErrorReason.ERROR_REASON_UNKNOWN_FRAME, "the command holds no action that this server knows"));
    }
  }

  private static void checkConversationId(String userId, Command command) {
    String id = command.getConversationId();
    if (!command.hasCreate()) {
      require(ConversationIds.isUuid(id), "conversation_id", "must be a UUID in canonical, lower-case text");
    } else if (!Request.isDirectCreation(command)) {
      require(ConversationIds.isClientMade(id), "conversation_id", "of a new group must be a UUIDv7 made by the client");
    } else {
      List<String> members = command.getCreate().getMemberIdsList();
      require(members.size() == 1, "create.member_ids", "of a direct conversation must name exactly one user");
      require(
          id.isEmpty() || id.equals(ConversationIds.direct(userId, members.getFirst())),
          "conversation_id",
          "of a new direct conversation must be empty: it follows from its users");
    }
  }

  private void checkMessage(String field, Message message) {
    if (message.getSerializedSize() > limits.messageBytes()) {
      throw new RefusedException(
          Refusal.tooLarge("the message in bytes", limits.messageBytes(), message.getSerializedSize()));
    }
    require(
        !message.getText().isEmpty() || message.getAttachmentsCount() > 0,
        field,
        "must have text or an attachment");
    checkCount(field + ".attachments", message.getAttachmentsCount(), MAX_ATTACHMENTS);
    for (Attachment attachment : message.getAttachmentsList()) {
      checkText(field + ".attachments.uri", attachment.getUri(), 1, MAX_URI_BYTES);
      checkText(field + ".attachments.media_type", attachment.getMediaType(), 0, MAX_MEDIA_TYPE_BYTES);
      checkText(field + ".attachments.name", attachment.getName(), 0, MAX_NAME_BYTES);
    }
    checkCount(field + ".mentioned_user_ids", message.getMentionedUserIdsCount(), MAX_MENTIONS);
    for (String mentioned : message.getMentionedUserIdsList()) {
      checkUser(field + ".mentioned_user_ids", mentioned);
    }
    checkCount(field + ".metadata", message.getMetadataCount(), MAX_METADATA_PAIRS);
    message.getMetadataMap().forEach((key, value) -> {
      checkText(field + ".metadata.key", key, 1, MAX_METADATA_KEY_BYTES);
      checkText(field + ".metadata.value", value, 0, MAX_METADATA_VALUE_BYTES);
    });
  }

  private static void checkReaction(Reaction reaction) {
    checkTarget("reaction.target_seq", reaction.getTargetSeq());
    checkText("reaction.symbol", reaction.getSymbol(), 1, MAX_SYMBOL_BYTES);
  }

  private void checkCreate(CreateConversation create) {
    require(
        create.getKind() == ConversationKind.CONVERSATION_KIND_DIRECT
            || create.getKind() == ConversationKind.CONVERSATION_KIND_GROUP,
        "create.kind",
        "must be direct or group");
    checkText("create.title", create.getTitle(), 0, limits.titleBytes());
    checkUsers("create.member_ids", create.getMemberIdsList());
    require(create.getHistoryPolicy() != HistoryPolicy.UNRECOGNIZED, "create.history_policy", "must be a known policy");
    require(create.getJoinPolicy() != JoinPolicy.UNRECOGNIZED, "create.join_policy", "must be a known policy");
  }

  private void checkAddMembers(AddMembers add) {
    require(add.getUserIdsCount() > 0, "add_members.user_ids", "must name at least one user");
    checkUsers("add_members.user_ids", add.getUserIdsList());
  }

  private void checkUsers(String field, List<String> userIds) {
    checkCount(field, userIds.size(), limits.membersPerCommand());
    userIds.forEach(userId -> checkUser(field, userId));
    require(new HashSet<>(userIds).size() == userIds.size(), field, "must not name anybody twice");
  }

  private void checkUser(String field, String userId) {
    checkText(field, userId, 1, limits.userIdBytes());
  }

  /** Seqs are unsigned in the contract; none ever reaches the sign bit. */
  private static void checkTarget(String field, long seq) {
    require(seq != 0, field, "must be an event's seq, from 1 on");
  }

  private static void checkCount(String field, int count, int max) {
    if (count > max) {
      throw new RefusedException(Refusal.tooLarge(field, max, count).with("field", field));
    }
  }

  private static void checkText(String field, String text, int minBytes, int maxBytes) {
    // A char is at most three bytes, so most texts need no look at each char.
    boolean fits = text.length() * 3L <= maxBytes || Digests.utf8(text).length <= maxBytes;
    require(fits && text.length() >= minBytes, field, "must have " + minBytes + " to " + maxBytes + " bytes");
  }

  private static void require(boolean rule, String field, String text) {
    if (!rule) {
      throw new RefusedException(Refusal.invalidField(field, text));
    }
  }
}
