package dev.parley.conversation;

import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.Parser;
import dev.parley.v1.Command;
import dev.parley.v1.Message;

/**
 * Takes from a command what this version does not know: nobody has checked it, so it is neither stored nor hashed.
 * Commands without such fields, nearly all, come back as they are.
 */
final class KnownFields {
  private static final Parser<Command> PARSER = DiscardUnknownFieldsParser.wrap(Command.parser());

  private KnownFields() {}

  static Command only(Command command) {
    if (!hasUnknown(command)) {
      return command;
    }
    try {
      return PARSER.parseFrom(command.toByteString());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a message parses from its own bytes", e);
    }
  }

  private static boolean hasUnknown(Command command) {
    if (isUnknownIn(command)) {
      return true;
    }
    return switch (command.getActionCase()) {
      case MESSAGE -> hasUnknown(command.getMessage());
      case EDIT -> isUnknownIn(command.getEdit()) || hasUnknown(command.getEdit().getMessage());
      case DELETION -> isUnknownIn(command.getDeletion());
      case REACTION -> isUnknownIn(command.getReaction());
      case CREATE -> isUnknownIn(command.getCreate());
      case ADD_MEMBERS -> isUnknownIn(command.getAddMembers());
      case REMOVE_MEMBER -> isUnknownIn(command.getRemoveMember());
      case JOIN -> isUnknownIn(command.getJoin());
      case LEAVE -> isUnknownIn(command.getLeave());
      case SET_ROLE -> isUnknownIn(command.getSetRole());
      case RENAME -> isUnknownIn(command.getRename());
      case ACTION_NOT_SET -> false;
    };
  }

  private static boolean hasUnknown(Message message) {
    return isUnknownIn(message) || message.getAttachmentsList().stream().anyMatch(KnownFields::isUnknownIn);
  }

  private static boolean isUnknownIn(MessageOrBuilder message) {
    return !message.getUnknownFields().asMap().isEmpty();
  }
}
