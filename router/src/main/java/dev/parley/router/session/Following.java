package dev.parley.router.session;

import dev.parley.conversation.ConversationIds;
import dev.parley.router.shard.CommittedRecord;
import dev.parley.router.shard.Readable;
import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import dev.parley.v1.SeqRange;
import dev.parley.v1.Term;
import java.util.List;

/**
 * One conversation of a session: what was written to the client, and up to where there is more. Never what is still to
 * be written. Belongs to the session's thread.
 */
final class Following {
  final String id;
  final byte[] idBytes;
  /** Up to here the client was sent everything that it may read. */
  long written;
  /** Where the record of that event lies, and under which term; unknown (0) before anything was written. */
  private long writtenPosition;

  private Term writtenTerm = Term.getDefaultInstance();
  /** The newest event there is for this user. */
  long head;
  /** The head that the client was told last in a heartbeat. */
  long headTold;
  /** The owner has answered: records are fed. */
  boolean active;
  /** Stands in the session's queue of conversations to read for. */
  boolean behind;
  /** A read is on its way. */
  boolean reading;
  /** Something is missing, and counted as such. */
  boolean lagging;
  /** The client came with a cursor of it, of which it is not told yet what becomes. */
  boolean resuming;
  /** The client knows that nothing new comes: the user is a former member. */
  boolean endTold;
  /** Catching up counts as done at this seq; 0: it is done. */
  long catchUpTo;

  private Readable readable = new Readable(List.of());
  private boolean begun;

  Following(String id) {
    this.id = id;
    this.idBytes = ConversationIds.bytes(id);
  }

  /** Everything up to {@code seq}, which lies in this record, was written. */
  void wrote(long seq, CommittedRecord record) {
    written = seq;
    writtenPosition = record.position();
    writtenTerm = record.term();
  }

  /** The client stands at this cursor. */
  void standsAt(Cursor cursor) {
    if (cursor.getSeq() >= written) {
      written = cursor.getSeq();
      writtenPosition = cursor.getPosition();
      writtenTerm = cursor.getTerm();
    }
  }

  /** From where a follow goes on. */
  Cursor cursor() {
    return Cursor.newBuilder().setSeq(written).setPosition(writtenPosition).setTerm(writtenTerm).build();
  }

  void readable(List<SeqRange> ranges) {
    begun = true;
    readable = new Readable(ranges);
  }

  /** What the user may read is known. */
  boolean begun() {
    return begun;
  }

  /** The smallest seq from {@code seq} on that the user may read; {@link Readable#NONE}: nothing. */
  long nextReadable(long seq) {
    return readable.next(seq);
  }

  /** Whether new events come at all: the user is a member. */
  boolean open() {
    return readable.open();
  }

  boolean mayRead(long seq) {
    return readable.contains(seq);
  }

  boolean mayReadAll(long first, long last) {
    return readable.containsAll(first, last);
  }

  /** Something that the user may read is not written yet. */
  boolean lacks() {
    return nextReadable(written + 1) <= head;
  }

  /** Takes in a record that was fed: the new head, and the end of the user's membership if the record holds it. */
  void fed(CommittedRecord record, String userId) {
    if (!open()) {
      return;
    }
    if (record.endsMembership()) {
      for (Event event : record.events()) {
        if (ends(event, userId)) {
          readable = readable.closedAt(event.getSeq());
          head = event.getSeq();
          return;
        }
      }
    }
    head = Math.max(head, record.lastSeq());
  }

  /** A record that was fed makes the user, whose membership has ended, a member again. */
  boolean beginsAgain(CommittedRecord record, String userId) {
    return begun
        && !open()
        && record.events().stream().anyMatch(event -> event.getSeq() > head && begins(event, userId));
  }

  private static boolean begins(Event event, String userId) {
    return (event.hasMemberJoined() && event.getSenderId().equals(userId))
        || (event.hasMembersAdded() && event.getMembersAdded().getUserIdsList().contains(userId));
  }

  private static boolean ends(Event event, String userId) {
    return (event.hasMemberLeft() && event.getSenderId().equals(userId))
        || (event.hasMemberRemoved() && event.getMemberRemoved().getUserId().equals(userId));
  }
}
