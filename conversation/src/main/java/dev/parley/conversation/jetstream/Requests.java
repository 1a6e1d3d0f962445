package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import io.nats.client.impl.Headers;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** JetStream's requests that the adapters share, on one link. Subjects here have no character that JSON escapes. */
final class Requests {
  private final BrokerLink link;

  Requests(BrokerLink link) {
    this.link = link;
  }

  /** Publishes and awaits the sequence. A body over the limit, or a broken subject, is refused unsent. */
  CompletableFuture<Long> publish(String subject, @Nullable Headers headers, byte[] body) {
    if (body.length > ShardLog.MAX_RECORD_BYTES) {
      return CompletableFuture.failedFuture(new LogException(
          Kind.REFUSED, body.length + " bytes are more than " + ShardLog.MAX_RECORD_BYTES));
    }
    return link.request(subject, headers, body, Replies::storedSequence);
  }

  /** How far a stream goes and what it takes, from its leader. */
  CompletableFuture<Extent> extent(String stream) {
    return link.request("$JS.API.STREAM.INFO." + stream, "", Replies::extent);
  }

  /**
   * How far a stream goes.
   *
   * @param first sequence that is there; last + 1: none is
   * @param bytes what it takes
   * @param maxBytes what it may take; {@link Long#MAX_VALUE}: anything
   */
  record Extent(long first, long last, long bytes, long maxBytes) {}

  /** The newest message of a subject, from the leader; null: there is none. */
  CompletableFuture<@Nullable StoredRecord> lastBySubject(String stream, String subject) {
    return link.request(
        "$JS.API.STREAM.MSG.GET." + stream, "{\"last_by_subj\":\"" + subject + "\"}", Replies::leaderMessage);
  }

  /** The first message of a subject at or after a sequence, from the leader; null: there is none. */
  CompletableFuture<@Nullable StoredRecord> nextBySubject(String stream, String subject, long from) {
    return link.request(
        "$JS.API.STREAM.MSG.GET." + stream,
        "{\"seq\":" + from + ",\"next_by_subj\":\"" + subject + "\"}",
        Replies::leaderMessage);
  }

  /** The message at a sequence, from whichever replica answers; null: that one does not have it. */
  CompletableFuture<@Nullable StoredRecord> at(String stream, long sequence) {
    return link.request(
        "$JS.API.DIRECT.GET." + stream,
        "{\"seq\":" + sequence + "}",
        reply -> Replies.directMessage(reply, sequence));
  }

  /**
   * The newest message of a subject at or before a sequence, from whichever replica answers; null: that one has none. The
   * broker says behind it that there is no more, which nobody waits for.
   */
  CompletableFuture<@Nullable StoredRecord> lastUpTo(String stream, String subject, long sequence) {
    return link.request(
        "$JS.API.DIRECT.GET." + stream,
        "{\"multi_last\":[\"" + subject + "\"],\"up_to_seq\":" + sequence + "}",
        Replies::directMessage);
  }

  /** The subject of the message at a sequence, from the leader; null: there is none. */
  CompletableFuture<@Nullable String> subjectAt(String stream, long sequence) {
    return link.request("$JS.API.STREAM.MSG.GET." + stream, "{\"seq\":" + sequence + "}", Replies::leaderSubject);
  }

  /** Deletes a message and overwrites its bytes on the disk. */
  CompletableFuture<@Nullable Void> erase(String stream, long sequence) {
    return link.request(
        "$JS.API.STREAM.MSG.DELETE." + stream, "{\"seq\":" + sequence + "}", Replies::deleted);
  }

  /** Drops a subject's messages before a sequence. */
  CompletableFuture<@Nullable Void> purge(String stream, String subject, long firstKept) {
    return link.request(
        "$JS.API.STREAM.PURGE." + stream,
        "{\"filter\":\"" + subject + "\",\"seq\":" + firstKept + "}",
        Replies::done);
  }

  /** Drops all messages before a sequence. */
  CompletableFuture<@Nullable Void> purge(String stream, long firstKept) {
    return link.request("$JS.API.STREAM.PURGE." + stream, "{\"seq\":" + firstKept + "}", Replies::done);
  }
}
