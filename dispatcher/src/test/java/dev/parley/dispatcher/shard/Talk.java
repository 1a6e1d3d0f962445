package dev.parley.dispatcher.shard;

import com.google.protobuf.ByteString;
import dev.parley.conversation.ConversationIds;
import dev.parley.conversation.ConversationState;
import dev.parley.conversation.Records;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.Broker;
import dev.parley.internal.v1.LogRecord;
import dev.parley.internal.v1.ReadMarkEntry;
import dev.parley.v1.ConversationCreated;
import dev.parley.v1.ConversationKind;
import dev.parley.v1.Deletion;
import dev.parley.v1.Edit;
import dev.parley.v1.Event;
import dev.parley.v1.Message;
import dev.parley.v1.Term;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;

/** A conversation on the log, as a router would write it. */
final class Talk {
  private final Broker broker;
  private final InstantSource clock;
  private final String id;
  private final int shard;
  private ConversationState state;

  /** A group of these; the first one has made it. */
  static Talk group(Broker broker, InstantSource clock, String id, List<String> members) {
    Talk talk = new Talk(broker, clock, id);
    talk.append(
        members.getFirst(),
        Event.newBuilder()
            .setCreated(
                ConversationCreated.newBuilder()
                    .setKind(ConversationKind.CONVERSATION_KIND_GROUP)
                    .setTitle("Lunch")
                    .addAllMemberIds(members.subList(1, members.size()))));
    return talk;
  }

  private Talk(Broker broker, InstantSource clock, String id) {
    this.broker = broker;
    this.clock = clock;
    this.id = id;
    this.shard = ConversationIds.shardOf(id, broker.layout().shards());
    this.state = ConversationState.absent(id);
  }

  String id() {
    return id;
  }

  int shard() {
    return shard;
  }

  /** Somebody says something; its seq. */
  long say(String sender, String text, String... mentioned) {
    return append(
        sender,
        Event.newBuilder()
            .setMessage(Message.newBuilder().setText(text).addAllMentionedUserIds(List.of(mentioned))));
  }

  void edit(String sender, long seq, String text) {
    append(
        sender,
        Event.newBuilder()
            .setEdit(Edit.newBuilder().setTargetSeq(seq).setMessage(Message.newBuilder().setText(text))));
  }

  void delete(String sender, long seq) {
    append(sender, Event.newBuilder().setDeletion(Deletion.newBuilder().setTargetSeq(seq)));
  }

  private long append(String sender, Event.Builder event) {
    long seq = state.headSeq() + 1;
    Event complete =
        event
            .setSeq(seq)
            .setSenderId(sender)
            .setClientEventId(new UUID(7, seq).toString())
            .setTime(Timestamps.of(clock.instant()))
            .setMessageCount(state.messageCount() + (event.hasMessage() ? 1 : 0))
            .build();
    LogRecord record =
        Records.build(
            state,
            List.of(complete),
            List.of(new Records.Ids(seq, seq)),
            Term.newBuilder().setNumber(1).build(),
            ByteString.copyFrom(new byte[16]),
            clock.instant());
    byte[] bytes = record.toByteArray();
    long tail = broker.shard(shard).tail().join().position();
    long position = broker.shard(shard).append(id, bytes, tail).join();
    state = state.fold(record, position, bytes.length);
    return seq;
  }

  /** Somebody reads up to this event. */
  void read(String user, long seq) {
    ReadMarkEntry mark = ReadMarkEntry.newBuilder().setConversationId(id).setUserId(user).setSeq(seq).build();
    broker
        .marks()
        .append(shard, dev.parley.internal.v1.ReadMarks.newBuilder().addMarks(mark).build().toByteArray())
        .join();
  }

  /** Where the log of its shard ends. */
  long tail() {
    return broker.shard(shard).tail().join().position();
  }
}
