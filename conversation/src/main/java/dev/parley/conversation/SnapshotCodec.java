package dev.parley.conversation;

import dev.parley.internal.v1.MemberState;
import dev.parley.internal.v1.MessageCountRange;
import dev.parley.internal.v1.RecentId;
import dev.parley.internal.v1.Snapshot;
import dev.parley.v1.SeqRange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pcollections.TreePSet;

/** A conversation's state from and to its stored form. */
final class SnapshotCodec {
  /**
   * How many recent ids a snapshot holds. A busy conversation keeps more in memory, too many to store; an older id
   * costs a search of the log after a load.
   */
  static final int RECENT_IDS = 4_096;

  private static final int BYTES_PER_USER = 64;
  private static final int BYTES_PER_RECENT_ID = 34;
  private static final int BYTES_PER_DELETED = 3;
  private static final int BYTES_OF_THE_REST = 512;

  private SnapshotCodec() {}

  static long estimateBytes(Content content) {
    return BYTES_OF_THE_REST
        + (long) BYTES_PER_USER * content.members().byUser().size()
        + (long) BYTES_PER_RECENT_ID * Math.min(RECENT_IDS, content.recentIds().size())
        + (long) BYTES_PER_DELETED * content.deleted().size();
  }

  static Snapshot encode(Content content, StoredHead head) {
    if (content.headSeq() != head.seq()) {
      throw new IllegalStateException("a snapshot needs a stored state, not a provisional one");
    }
    Snapshot.Builder snapshot = Snapshot.newBuilder()
        .setRecordId(head.recordId())
        .setPosition(head.position())
        .setTerm(head.term())
        .setHeadSeq(head.seq())
        .setMessageCount(content.messageCount())
        .setFoldedBytes(head.foldedBytes())
        .setCreated(content.created())
        .setCreateTime(Timestamps.of(content.createTime()))
        .setLastEventTime(Timestamps.of(content.lastEventTime()))
        .addAllDeletedSeqs(content.deleted())
        .addAllPageStarts(head.pages().starts());
    for (Membership membership : content.members().byUser().values()) {
      snapshot.addMembers(encode(membership));
    }
    for (long position : head.pages().openPositions()) {
      snapshot.addOpenPagePositions(position);
    }
    addRecentIds(snapshot, content.recentIds());
    return snapshot.build();
  }

  static ConversationState decode(String conversationId, Snapshot snapshot) {
    Content content = new Content(
        snapshot.getHeadSeq(),
        snapshot.getMessageCount(),
        snapshot.getCreated(),
        Timestamps.toInstant(snapshot.getCreateTime()),
        Timestamps.toInstant(snapshot.getLastEventTime()),
        Members.of(snapshot.getMembersList().stream().map(SnapshotCodec::decode).toList()),
        TreePSet.from(snapshot.getDeletedSeqsList()),
        recentIds(snapshot));
    StoredHead head = new StoredHead(
        snapshot.getHeadSeq(),
        snapshot.getPosition(),
        snapshot.getTerm(),
        snapshot.getRecordId(),
        snapshot.getFoldedBytes(),
        PageIndex.of(snapshot.getOpenPagePositionsList(), snapshot.getPageStartsList()));
    SnapshotMark mark = new SnapshotMark(snapshot.getHeadSeq(), snapshot.getFoldedBytes());
    return new ConversationState(conversationId, content, head, mark);
  }

  private static void addRecentIds(Snapshot.Builder snapshot, RecentIds recentIds) {
    List<RecentIds.Entry> entries = recentIds.entries();
    int left = Math.max(0, entries.size() - RECENT_IDS);
    Instant forgottenUntil = left > 0 ? entries.get(left - 1).time() : recentIds.forgottenUntil();
    if (forgottenUntil != null) {
      snapshot.setForgottenUntil(Timestamps.of(forgottenUntil));
    }
    for (RecentIds.Entry entry : entries.subList(left, entries.size())) {
      snapshot.addRecentIds(RecentId.newBuilder()
          .setFingerprint(entry.fingerprint())
          .setBodyHash(entry.bodyHash())
          .setSeq(entry.seq())
          .setTime(Timestamps.of(entry.time())));
    }
  }

  private static RecentIds recentIds(Snapshot snapshot) {
    List<RecentIds.Entry> entries = snapshot.getRecentIdsList().stream()
        .map(id -> new RecentIds.Entry(
            id.getFingerprint(), id.getBodyHash(), id.getSeq(), Timestamps.toInstant(id.getTime())))
        .toList();
    @Nullable Instant forgottenUntil =
        snapshot.hasForgottenUntil() ? Timestamps.toInstant(snapshot.getForgottenUntil()) : null;
    return RecentIds.of(entries, forgottenUntil);
  }

  private static MemberState encode(Membership membership) {
    MemberState.Builder state = MemberState.newBuilder()
        .setUserId(membership.userId())
        .setRole(membership.role())
        .setRemoved(membership.removed())
        .setJoinedSeq(membership.joinedSeq());
    for (ReadableRange range : membership.ranges()) {
      state.addReadable(range.toProto());
      state.addMessageCounts(
          MessageCountRange.newBuilder().setBefore(range.countBefore()).setAtEnd(range.countAtEnd()));
    }
    return state.build();
  }

  private static Membership decode(MemberState state) {
    List<ReadableRange> ranges = new ArrayList<>();
    for (int i = 0; i < state.getReadableCount(); i++) {
      SeqRange range = state.getReadable(i);
      MessageCountRange counts = state.getMessageCounts(i);
      ranges.add(
          new ReadableRange(range.getFirstSeq(), range.getLastSeq(), counts.getBefore(), counts.getAtEnd()));
    }
    return new Membership(
        state.getUserId(), state.getRole(), ranges, state.getRemoved(), state.getJoinedSeq());
  }
}
