package dev.parley.dispatcher.webhook;

import dev.parley.internal.v1.LogRecord;
import java.time.Instant;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** What a reader has before it: records that were read and not taken yet. Belongs to the loop. */
final class Pending {
  private Pending() {}

  /** A record of a conversation that the endpoint wants. */
  static final class Entry {
    final long position;
    final String conversationId;
    final int events;
    /** When the record before it in the shard happened. */
    final @Nullable Instant before;
    /** Null: to be read again, since the endpoint fails and nothing of it is kept. */
    @Nullable LogRecord record;
    int bytes;
    /** The index of the event that is to be delivered next. */
    int next;
    int missed;

    Entry(long position, LogRecord record, int bytes, @Nullable Instant before) {
      this.position = position;
      this.conversationId = record.getConversationId();
      this.events = record.getEventsCount();
      this.record = record;
      this.bytes = bytes;
      this.before = before;
    }
  }

  /** The records of one conversation, of which one event is under way at a time. */
  static final class Conversation {
    final ArrayDeque<Entry> entries = new ArrayDeque<>();
    boolean underWay;
    /** When its first event failed first; null: it did not. */
    @Nullable Instant since;
    /** How often in a row it failed while the endpoint took others. */
    int failures;
    Instant notBefore = Instant.MIN;

    Entry head() {
      return entries.getFirst();
    }
  }

  /**
   * An event on its way.
   *
   * @param probe whether it tries an endpoint that fails
   */
  record Delivery(WebhookReader reader, Conversation conversation, Entry entry, boolean probe) {}
}
