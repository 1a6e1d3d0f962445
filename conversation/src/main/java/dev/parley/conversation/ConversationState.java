package dev.parley.conversation;

import com.google.protobuf.ByteString;
import dev.parley.internal.v1.LogRecord;
import dev.parley.internal.v1.Snapshot;
import dev.parley.v1.Conversation;
import dev.parley.v1.ConversationKind;
import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import dev.parley.v1.HistoryPolicy;
import dev.parley.v1.JoinPolicy;
import dev.parley.v1.SeqRange;
import dev.parley.v1.Term;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * Everything there is to know about a conversation to decide its next command.
 *
 * <p>Immutable and persistent: a provisional state, with events that are not stored yet, is just another reference. The
 * events and the place where they are stored are two independent parts: {@link #with} moves the first on, {@link
 * #stored} the second, so both may be called on a state that has more provisional events already.
 */
public final class ConversationState {
  private static final String NO_USER = "";

  private final String conversationId;
  private final Content content;
  private final StoredHead head;
  private final SnapshotMark snapshotMark;

  ConversationState(String conversationId, Content content, StoredHead head, SnapshotMark snapshotMark) {
    this.conversationId = conversationId;
    this.content = content;
    this.head = head;
    this.snapshotMark = snapshotMark;
  }

  /** The state of a conversation in which nothing has happened. */
  public static ConversationState absent(String conversationId) {
    return new ConversationState(conversationId, Content.NOTHING, StoredHead.NONE, SnapshotMark.NONE);
  }

  /** The state that a snapshot holds. */
  public static ConversationState fromSnapshot(String conversationId, Snapshot snapshot) {
    return SnapshotCodec.decode(conversationId, snapshot);
  }

  /** This state as it is stored. Not for provisional states: the snapshot names the head record. */
  public Snapshot toSnapshot() {
    return SnapshotCodec.encode(content, head);
  }

  // ---------------------------------------------------------------- what is

  /** Whether it was created. */
  public boolean exists() {
    return content.headSeq() > 0;
  }

  /** Which conversation this is. */
  public String conversationId() {
    return conversationId;
  }

  /** The newest event's seq, provisional ones included; 0: none. */
  public long headSeq() {
    return content.headSeq();
  }

  /** How many messages were ever sent; deletions do not reduce it. */
  public long messageCount() {
    return content.messageCount();
  }

  /** Direct or group. */
  public ConversationKind kind() {
    return content.created().getKind();
  }

  /** The title now. */
  public String title() {
    return content.created().getTitle();
  }

  /** What new members see. */
  public HistoryPolicy historyPolicy() {
    return content.created().getHistoryPolicy();
  }

  /** Who may become a member. */
  public JoinPolicy joinPolicy() {
    return content.created().getJoinPolicy();
  }

  /** When it was created; the epoch for an absent one. */
  public Instant createTime() {
    return content.createTime();
  }

  /** When its newest event was decided; the epoch for an absent one. */
  public Instant lastEventTime() {
    return content.lastEventTime();
  }

  /** A member or former member; null: never was one. */
  public @Nullable Membership member(String userId) {
    return content.members().get(userId);
  }

  /** How many members there are now. */
  public int memberCount() {
    return content.members().count();
  }

  /** How many of them are owners. */
  public int ownerCount() {
    return content.members().owners();
  }

  /** How many members and former members there are. */
  public int userCount() {
    return content.members().byUser().size();
  }

  /** Members and former members, in order of their ids. */
  public Collection<Membership> users() {
    return content.members().byUser().values();
  }

  /** All members, in order of their ids. */
  public List<Membership> members() {
    return content.members().currentAfter(NO_USER).toList();
  }

  /** At most {@code limit} members whose ids come after this one, in order. */
  public List<Membership> members(String afterUserId, int limit) {
    return content.members().currentAfter(afterUserId).limit(limit).toList();
  }

  /** Whether the message with this seq was deleted for all. */
  public boolean isDeleted(long seq) {
    return content.deleted().contains(seq);
  }

  /** The seqs of deleted messages, growing. */
  public SortedSet<Long> deletedSeqs() {
    return content.deleted();
  }

  /**
   * Whether a reader must get this event without its body: it is a deleted message, or an edit that repeats what a
   * deleted message said.
   */
  public boolean isCut(Event event) {
    return isDeleted(event.getSeq()) || (event.hasEdit() && isDeleted(event.getEdit().getTargetSeq()));
  }

  RecentIds recentIds() {
    return content.recentIds();
  }

  // ---------------------------------------------------------------- what one user sees

  /** What this user may read, in order; empty: never was a member. */
  public List<SeqRange> readable(String userId) {
    Membership membership = member(userId);
    return membership == null
        ? List.of()
        : membership.ranges().stream().map(ReadableRange::toProto).toList();
  }

  /** The newest event that this user may read; 0: none. */
  public long readableHead(String userId) {
    Membership membership = member(userId);
    if (membership == null) {
      return 0;
    }
    ReadableRange newest = membership.ranges().getLast();
    return newest.isOpen() ? headSeq() : newest.lastSeq();
  }

  /**
   * How many messages came after a read mark within what this user may read.
   *
   * @param messageCountAtReadSeq the conversation's message count at the mark
   */
  public long unread(String userId, long readSeq, long messageCountAtReadSeq) {
    Membership membership = member(userId);
    if (membership == null) {
      return 0;
    }
    return membership.ranges().stream()
        .mapToLong(range -> range.unread(readSeq, messageCountAtReadSeq, messageCount()))
        .sum();
  }

  /**
   * The conversation as this member or former member sees it. A former member's head carries no position: the state
   * does not keep where old events lie.
   *
   * @param readSeq the user's read mark; 0: none
   * @param readCount the conversation's message count at the mark
   * @throws IllegalArgumentException for a user who never was a member
   */
  public Conversation describe(String userId, long readSeq, long readCount) {
    Membership membership = member(userId);
    if (membership == null) {
      throw new IllegalArgumentException("only for members and former members");
    }
    return Conversation.newBuilder()
        .setConversationId(conversationId)
        .setKind(kind())
        .setTitle(title())
        .setHistoryPolicy(historyPolicy())
        .setJoinPolicy(joinPolicy())
        .setPeerUserId(kind() == ConversationKind.CONVERSATION_KIND_DIRECT ? peerOf(userId) : "")
        .setHead(membership.isCurrent() ? cursor() : Cursor.newBuilder().setSeq(readableHead(userId)).build())
        .setCreateTime(Timestamps.of(createTime()))
        .setLastEventTime(Timestamps.of(lastEventTime()))
        .setMemberCount(memberCount())
        .setRole(membership.role())
        .addAllReadable(readable(userId))
        .setReadSeq(readSeq)
        .setUnreadCount(unread(userId, readSeq, readCount))
        .build();
  }

  /** The other user of a direct conversation; with notes to self the user. */
  public String peerOf(String userId) {
    for (String id : content.members().byUser().keySet()) {
      if (!id.equals(userId)) {
        return id;
      }
    }
    return userId;
  }

  // ---------------------------------------------------------------- where it is stored

  /** The stored head as a cursor. */
  public Cursor cursor() {
    return Cursor.newBuilder().setSeq(head.seq()).setPosition(head.position()).setTerm(head.term()).build();
  }

  /** How to find the history. */
  public PageIndex pages() {
    return head.pages();
  }

  /** Where the newest stored record lies; 0: nothing is stored. */
  public long headPosition() {
    return head.position();
  }

  /** The newest stored record's term. */
  public Term headTerm() {
    return head.term();
  }

  /** The newest stored record's id. */
  public ByteString headRecordId() {
    return head.recordId();
  }

  /** The bytes of all stored records. */
  public long foldedBytes() {
    return head.foldedBytes();
  }

  /** The bytes of the stored records after the newest snapshot. */
  public long tailBytes() {
    return head.foldedBytes() - snapshotMark.foldedBytes();
  }

  /** The stored events after the newest snapshot. */
  public long tailEvents() {
    return head.seq() - snapshotMark.seq();
  }

  /** About how large a snapshot is now, in bytes; costs nothing to ask. */
  public long estimatedSnapshotBytes() {
    return SnapshotCodec.estimateBytes(content);
  }

  /** Up to where the newest saved snapshot reaches. */
  public SnapshotMark snapshotMark() {
    return snapshotMark;
  }

  /** What to remember of a snapshot of this state once it is saved. */
  public SnapshotMark asSnapshotMark() {
    return new SnapshotMark(head.seq(), head.foldedBytes());
  }

  // ---------------------------------------------------------------- what becomes of it

  /**
   * The state after this event, which is not stored yet.
   *
   * @param fingerprint of sender and client event id
   * @param bodyHash of the command
   * @param now the time at which recent ids are forgotten; the event's own time if that is later
   */
  public ConversationState with(Event event, long fingerprint, long bodyHash, Instant now) {
    return new ConversationState(
        conversationId, content.with(event, fingerprint, bodyHash, now), head, snapshotMark);
  }

  /** The state after this record, whose events were applied by {@link #with}, was stored at this position. */
  public ConversationState stored(LogRecord record, long position, int recordBytes) {
    return new ConversationState(conversationId, content, head.with(record, position, recordBytes), snapshotMark);
  }

  /**
   * The state after a record that was read from the log.
   *
   * @throws IllegalArgumentException if it is another conversation's, does not follow the head or cannot be parsed
   */
  public ConversationState fold(LogRecord record, long position, int recordBytes) {
    if (!record.getConversationId().equals(conversationId)) {
      throw new IllegalArgumentException("record of another conversation at position " + position);
    }
    Content folded = content;
    for (int i = 0; i < record.getEventsCount(); i++) {
      Event event = Records.event(record, i);
      folded = folded.with(
          event, record.getFingerprints(i), record.getBodyHashes(i), Timestamps.toInstant(event.getTime()));
    }
    return new ConversationState(conversationId, folded, head.with(record, position, recordBytes), snapshotMark);
  }

  /** The state after a snapshot was saved; the state may have gone on since. */
  public ConversationState withSnapshot(SnapshotMark saved) {
    return new ConversationState(conversationId, content, head, saved);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ConversationState that
        && conversationId.equals(that.conversationId)
        && content.equals(that.content)
        && head.equals(that.head);
  }

  @Override
  public int hashCode() {
    return 31 * conversationId.hashCode() + head.hashCode();
  }

  @Override
  public String toString() {
    return "ConversationState[" + conversationId + ", head=" + headSeq() + ", members=" + memberCount() + "]";
  }
}
