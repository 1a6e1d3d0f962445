package dev.parley.conversation;

import dev.parley.v1.Command;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.Message;

/** Messages and what happens to them: edits, deletions, reactions. The sender is a member. */
final class MessageRules {
  private final ConversationState state;
  private final Membership sender;
  private final Facts facts;
  private final ConversationLimits limits;

  private MessageRules(ConversationState state, Membership sender, Facts facts, ConversationLimits limits) {
    this.state = state;
    this.sender = sender;
    this.facts = facts;
    this.limits = limits;
  }

  static Decision decide(
      ConversationState state,
      Membership sender,
      Command command,
      Facts facts,
      ConversationLimits limits,
      Event.Builder event) {
    return new MessageRules(state, sender, facts, limits).decide(command, event);
  }

  private Decision decide(Command command, Event.Builder event) {
    if (command.hasMessage()) {
      requireNotBlocked();
      checkPermissionAndReply(Permission.SEND_MESSAGE, command.getMessage());
      return new Decision.Append(event.setMessage(command.getMessage()).build());
    }
    if (!command.hasDeletion()) {
      requireNotBlocked();
    }
    long seq = targetOf(command);
    if (!sender.canRead(seq) || seq > state.headSeq()) {
      throw eventNotFound(seq);
    }
    Facts.Target target = facts.target();
    if (target == null || target.seq() != seq) {
      return new Decision.NeedsTarget(seq);
    }
    requireMessage(target);
    switch (command.getActionCase()) {
      case EDIT -> {
        checkEdit(target, command.getEdit().getMessage());
        event.setEdit(command.getEdit());
      }
      case DELETION -> {
        checkDeletion(target);
        event.setDeletion(command.getDeletion());
      }
      default -> {
        Decider.requirePermission(sender, Permission.REACT);
        event.setReaction(command.getReaction());
      }
    }
    return new Decision.Append(event.build());
  }

  private static long targetOf(Command command) {
    return switch (command.getActionCase()) {
      case EDIT -> command.getEdit().getTargetSeq();
      case DELETION -> command.getDeletion().getTargetSeq();
      case REACTION -> command.getReaction().getTargetSeq();
      default -> throw new IllegalArgumentException(command.getActionCase() + " has no target");
    };
  }

  /** The target was read before; since then it may have been deleted, which the state knows. */
  private void requireMessage(Facts.Target target) {
    if (target.isAbsent()) {
      throw eventNotFound(target.seq());
    }
    if (target.deleted() || state.isDeleted(target.seq())) {
      throw notEditable("message " + target.seq() + " was deleted");
    }
    if (target.body() != Event.BodyCase.MESSAGE) {
      throw notEditable("event " + target.seq() + " is no message");
    }
  }

  private void checkEdit(Facts.Target target, Message message) {
    if (!target.senderId().equals(sender.userId())) {
      throw notEditable("message " + target.seq() + " is somebody else's");
    }
    checkPermissionAndReply(Permission.EDIT_OWN_MESSAGE, message);
  }

  private void checkDeletion(Facts.Target target) {
    boolean own = target.senderId().equals(sender.userId());
    Decider.requirePermission(sender, own ? Permission.DELETE_OWN_MESSAGE : Permission.DELETE_ANY_MESSAGE);
    if (state.deletedSeqs().size() >= limits.deletedMessages()) {
      throw new RefusedException(Refusal.limitExceeded("deleted messages", limits.deletedMessages()));
    }
  }

  /** An answer may be to any event that the sender may read; seqs have no holes, so nothing needs to be looked up. */
  private void checkPermissionAndReply(Permission permission, Message message) {
    Decider.requirePermission(sender, permission);
    long seq = message.getReplyToSeq();
    if (seq != 0 && (!sender.canRead(seq) || seq > state.headSeq())) {
      throw eventNotFound(seq);
    }
  }

  private void requireNotBlocked() {
    if (facts.blocked() && Decider.isDirect(state)) {
      throw blocked();
    }
  }

  static RefusedException blocked() {
    return Decider.refused(
        ErrorReason.ERROR_REASON_USER_BLOCKED, "one of the two users has blocked the other");
  }

  private static RefusedException eventNotFound(long seq) {
    return Decider.refused(
        ErrorReason.ERROR_REASON_EVENT_NOT_FOUND, "no event " + Long.toUnsignedString(seq) + " for this user");
  }

  private static RefusedException notEditable(String why) {
    return Decider.refused(ErrorReason.ERROR_REASON_EVENT_NOT_EDITABLE, why);
  }
}
