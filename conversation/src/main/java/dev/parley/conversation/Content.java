package dev.parley.conversation;

import dev.parley.v1.ConversationCreated;
import dev.parley.v1.ConversationKind;
import dev.parley.v1.Event;
import dev.parley.v1.HistoryPolicy;
import dev.parley.v1.Role;
import java.time.Instant;
import java.util.List;
import org.pcollections.TreePSet;

/**
 * What its events have made of a conversation.
 *
 * @param created kind, title and policies as they are now; without the first members
 */
record Content(
    long headSeq,
    long messageCount,
    ConversationCreated created,
    Instant createTime,
    Instant lastEventTime,
    Members members,
    TreePSet<Long> deleted,
    RecentIds recentIds) {
  static final Content NOTHING = new Content(
      0,
      0,
      ConversationCreated.getDefaultInstance(),
      Instant.EPOCH,
      Instant.EPOCH,
      Members.NOBODY,
      TreePSet.empty(),
      RecentIds.empty());

  /** The content after the next event. What a cut event said is gone, and never mattered here. */
  Content with(Event event, long fingerprint, long bodyHash, Instant now) {
    if (event.getSeq() != headSeq + 1) {
      throw new IllegalArgumentException("event " + event.getSeq() + " does not follow " + headSeq);
    }
    Instant time = Timestamps.toInstant(event.getTime());
    var id = new RecentIds.Entry(fingerprint, bodyHash, event.getSeq(), time);
    Content next = new Content(
        event.getSeq(),
        event.getMessageCount(),
        created,
        headSeq == 0 ? time : createTime,
        time,
        members,
        deleted,
        recentIds.with(id, now.isAfter(time) ? now : time));
    return next.apply(event);
  }

  private Content apply(Event event) {
    String sender = event.getSenderId();
    return switch (event.getBodyCase()) {
      case CREATED -> created(event);
      case MEMBERS_ADDED -> with(joining(event.getMembersAdded().getUserIdsList()));
      case MEMBER_JOINED -> with(joining(List.of(sender)));
      case MEMBER_REMOVED -> with(ended(event.getMemberRemoved().getUserId(), true));
      case MEMBER_LEFT -> with(ended(sender, false));
      case ROLE_CHANGED -> with(withRole(event.getRoleChanged().getUserId(), event.getRoleChanged().getRole()));
      case RENAMED -> with(created.toBuilder().setTitle(event.getRenamed().getTitle()).build());
      case DELETION -> with(deleted.plus(event.getDeletion().getTargetSeq()));
      case MESSAGE, EDIT, REACTION, BODY_NOT_SET -> this;
    };
  }

  private Content created(Event event) {
    ConversationCreated body = event.getCreated();
    boolean direct = body.getKind() == ConversationKind.CONVERSATION_KIND_DIRECT;
    ReadableRange all = ReadableRange.from(1, 0);
    Role creatorsRole = direct ? Role.ROLE_MEMBER : Role.ROLE_OWNER;
    Members first =
        Members.NOBODY.with(new Membership(event.getSenderId(), creatorsRole, List.of(all), false, event.getSeq()));
    for (String userId : body.getMemberIdsList()) {
      first = first.joining(userId, event.getSeq(), all);
    }
    return with(body.toBuilder().clearMemberIds().build()).with(first);
  }

  private Members joining(List<String> userIds) {
    ReadableRange range = created.getHistoryPolicy() == HistoryPolicy.HISTORY_POLICY_ALL
        ? ReadableRange.from(1, 0)
        : ReadableRange.from(headSeq, messageCount);
    Members joined = members;
    for (String userId : userIds) {
      joined = joined.joining(userId, headSeq, range);
    }
    return joined;
  }

  private Members ended(String userId, boolean byRemoval) {
    Membership before = members.get(userId);
    return before == null || !before.isCurrent() ? members : members.with(before.ended(headSeq, messageCount, byRemoval));
  }

  private Members withRole(String userId, Role role) {
    Membership before = members.get(userId);
    return before == null || !before.isCurrent() ? members : members.with(before.withRole(role));
  }

  private Content with(ConversationCreated newCreated) {
    return new Content(
        headSeq, messageCount, newCreated, createTime, lastEventTime, members, deleted, recentIds);
  }

  private Content with(Members newMembers) {
    return new Content(
        headSeq, messageCount, created, createTime, lastEventTime, newMembers, deleted, recentIds);
  }

  private Content with(TreePSet<Long> newDeleted) {
    return new Content(
        headSeq, messageCount, created, createTime, lastEventTime, members, newDeleted, recentIds);
  }
}
