package dev.parley.dispatcher.webhook;

import com.google.protobuf.ByteString;
import dev.parley.conversation.Records;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.ShardLog;
import dev.parley.internal.v1.FillerRecord;
import dev.parley.internal.v1.LogRecord;
import dev.parley.internal.v1.OwnerRecord;
import dev.parley.v1.Event;
import dev.parley.v1.Message;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** Writes into a shard as its owner does, without deciding anything. */
final class WrittenLog {
  final ShardLog log;
  private final Map<String, Long> seqs = new HashMap<>();
  private long position;

  WrittenLog(ShardLog log) {
    this.log = log;
    this.position = log.tail().join().position();
  }

  /** A record with these messages; its position. */
  long messages(String conversation, Instant time, String... texts) {
    LogRecord.Builder record = record(time).setConversationId(conversation);
    record.setFirstSeq(seqs.getOrDefault(conversation, 0L) + 1);
    for (String text : texts) {
      long seq = seqs.merge(conversation, 1L, Long::sum);
      record.addEvents(
          Event.newBuilder()
              .setSeq(seq)
              .setSenderId("ann")
              .setTime(Timestamps.of(time))
              .setMessage(Message.newBuilder().setText(text))
              .build()
              .toByteString());
    }
    return append(conversation, record);
  }

  long owner(Instant time) {
    return append(ShardLog.OWNER_KEY, record(time).setOwner(OwnerRecord.newBuilder().setRouter("r")));
  }

  long filler(Instant time) {
    return append(ShardLog.FILLER_KEY, record(time).setFiller(FillerRecord.getDefaultInstance()));
  }

  /** What a deletion does to the record of the deleted message. */
  void erase(long at, long seq) throws Exception {
    LogRecord record = LogRecord.parseFrom(log.read(new long[] {at}).join().getFirst().bytes());
    log.replace(at, Records.cut(record, seq).toByteArray()).join();
  }

  private static LogRecord.Builder record(Instant time) {
    return LogRecord.newBuilder().setRecordId(ByteString.copyFromUtf8("record")).setTime(Timestamps.of(time));
  }

  private long append(String key, LogRecord.Builder record) {
    position = log.append(key, record.build().toByteArray(), position).join();
    return position;
  }
}
