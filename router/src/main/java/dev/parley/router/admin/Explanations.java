package dev.parley.router.admin;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.ConversationIds;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.RefusedException;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.history.TrimmedException;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.ShardLog;
import dev.parley.internal.v1.DeliveredAnswer;
import dev.parley.internal.v1.DeliveredQuestion;
import dev.parley.internal.v1.DeliveredSeq;
import dev.parley.internal.v1.DeviceHas;
import dev.parley.internal.v1.LogRecord;
import dev.parley.internal.v1.RouterQuestion;
import dev.parley.router.api.Shards;
import dev.parley.router.feed.Readers;
import dev.parley.router.shard.CommittedRecord;
import dev.parley.v1.DeviceReceipt;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.ExplainEventRequest;
import dev.parley.v1.ExplainEventResponse;
import dev.parley.v1.Recipient;
import dev.parley.v1.Term;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gathers what is known of an event: from the owner of its shard, the log, all routers and the dispatchers' log.
 *
 * <p>Thread-safe. Bounded: a few at a time, each within 5 s, of 100 recipients.
 */
public final class Explanations {
  private static final Logger LOG = LoggerFactory.getLogger(Explanations.class);
  private static final int AT_A_TIME = 2;
  private static final int MOST_RECIPIENTS = 100;
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final Duration ROUTERS = Duration.ofSeconds(1);
  private static final Duration PUSHES = Duration.ofSeconds(3);

  /** The owner's clock, by which events are stored, may be so much ahead of the broker's. */
  private static final Duration CLOCKS = Duration.ofMinutes(1);

  private final Shards shards;
  private final Broker broker;
  private final Routers routers;
  private final AtomicInteger running = new AtomicInteger();

  /** Over these parts of a router. */
  public Explanations(Shards shards, Broker broker, Routers routers) {
    this.shards = shards;
    this.broker = broker;
    this.routers = routers;
  }

  /** Which devices of a user have acknowledged how much, by device id. */
  private record Devices(Map<String, Map<String, Long>> byUser, int answered) {}

  /** Fails with a RefusedException when there is no such event, or too much is asked at a time. */
  CompletableFuture<ExplainEventResponse> explain(ExplainEventRequest request) {
    if (running.incrementAndGet() > AT_A_TIME) {
      running.decrementAndGet();
      return CompletableFuture.failedFuture(overloaded("this router explains " + AT_A_TIME + " events at a time"));
    }
    return CompletableFuture.completedFuture(request)
        .thenCompose(this::gather)
        .orTimeout(LIMIT.toMillis(), TimeUnit.MILLISECONDS)
        .whenComplete((done, failure) -> running.decrementAndGet())
        .exceptionallyCompose(
            failure ->
                CompletableFuture.failedFuture(
                    causeOf(failure) instanceof TimeoutException
                        ? overloaded("not everything could be asked within " + LIMIT.toSeconds() + " s")
                        : failure));
  }

  private CompletableFuture<ExplainEventResponse> gather(ExplainEventRequest request) {
    String id = request.getConversationId();
    long seq = request.getSeq();
    return shards
        .of(id)
        .readers(id, seq, request.getUserId(), MOST_RECIPIENTS)
        .thenCompose(
            readers -> {
              if (readers.headSeq() == 0) {
                throw refused(ErrorReason.ERROR_REASON_CONVERSATION_NOT_FOUND, "there is no such conversation");
              }
              if (Long.compareUnsigned(seq, readers.headSeq()) > 0) {
                throw eventNotFound("the newest event is " + readers.headSeq());
              }
              return record(id, seq).thenCompose(record -> explain(record, record.event(seq), readers));
            });
  }

  private CompletableFuture<CommittedRecord> record(String id, long seq) {
    return shards
        .of(id)
        .from(id, seq)
        .thenApply(
            records ->
                records.stream()
                    .filter(record -> record.firstSeq() <= seq && seq <= record.lastSeq())
                    .findFirst()
                    .orElseThrow(() -> eventNotFound("it cannot be read")))
        .exceptionallyCompose(
            failure ->
                CompletableFuture.failedFuture(
                    TrimmedException.in(failure) == null ? failure : eventNotFound("the log was trimmed behind it")));
  }

  private CompletableFuture<ExplainEventResponse> explain(CommittedRecord record, Event event, Readers readers) {
    String id = record.conversationId();
    int shard = ConversationIds.shardOf(id, shards.all().size());
    int asked = routers.names().size();
    EventPushes pushes =
        new EventPushes(
            id,
            event.getSeq(),
            readers.readers().stream()
                .map(Readers.Reader::userId)
                .filter(userId -> !userId.equals(event.getSenderId()))
                .toList());
    CompletableFuture<String> owner = owner(shard, record);
    CompletableFuture<Devices> devices = devices(id, event.getSeq(), asked);
    CompletableFuture<Boolean> read = readPushes(shard, event, pushes);
    return CompletableFuture.allOf(owner, devices, read)
        .thenApply(
            done -> {
              ExplainEventResponse.Builder response =
                  ExplainEventResponse.newBuilder()
                      .setEvent(event.toBuilder().clearBody())
                      .setKind(kind(event))
                      .setShard(shard)
                      .setPosition(record.position())
                      .setTerm(record.term())
                      .setRouter(owner.join())
                      .setHeadSeq(readers.headSeq())
                      .setMoreRecipients(readers.more())
                      .setRoutersAsked(asked)
                      .setRoutersAnswered(devices.join().answered())
                      .setMorePushes(!read.join());
              for (Readers.Reader reader : readers.readers()) {
                response.addRecipients(recipient(reader, event.getSeq(), devices.join(), pushes));
              }
              return response.build();
            });
  }

  private static Recipient recipient(Readers.Reader reader, long seq, Devices devices, EventPushes pushes) {
    Recipient.Builder recipient =
        Recipient.newBuilder()
            .setUserId(reader.userId())
            .setMember(reader.member())
            .setRead(reader.readSeq() >= seq)
            .addAllPushes(pushes.of(reader.userId()));
    devices
        .byUser()
        .getOrDefault(reader.userId(), Map.of())
        .forEach(
            (device, has) ->
                recipient.addDevices(DeviceReceipt.newBuilder().setDeviceId(device).setAcknowledgedSeq(has)));
    return recipient.build();
  }

  private static String kind(Event event) {
    FieldDescriptor body = Event.getDescriptor().findFieldByNumber(event.getBodyCase().getNumber());
    return body == null ? "" : body.getName();
  }

  /** The router that began the term of a record; empty: that is not on the log any more. */
  private CompletableFuture<String> owner(int shard, CommittedRecord record) {
    return broker
        .shard(shard)
        .lastUpTo(ShardLog.OWNER_KEY, record.position())
        .thenApply(owner -> router(owner, record.term()))
        .exceptionally(
            failure -> {
              LOG.debug("shard {}: the Owner record before {} was not read", shard, record.position(), failure);
              return "";
            });
  }

  private static String router(ShardLog.@Nullable StoredRecord owner, Term term) {
    if (owner == null) {
      return "";
    }
    try {
      LogRecord record = LogRecord.parseFrom(owner.bytes());
      return record.getTerm().equals(term) ? record.getOwner().getRouter() : "";
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("the Owner record at position " + owner.position() + " is not readable", e);
    }
  }

  private CompletableFuture<Devices> devices(String id, long seq, int asked) {
    RouterQuestion question =
        RouterQuestion.newBuilder()
            .setDelivered(
                DeliveredQuestion.newBuilder()
                    .addSeqs(DeliveredSeq.newBuilder().setConversationId(id).setSeq(seq)))
            .build();
    return routers
        .ask(question, asked, ROUTERS, DeliveredAnswer.parser())
        .thenApply(
            answers -> {
              Map<String, Map<String, Long>> byUser = new HashMap<>();
              for (DeliveredAnswer answer : answers) {
                for (DeviceHas has : answer.getHasList()) {
                  byUser
                      .computeIfAbsent(has.getUserId(), userId -> new TreeMap<>())
                      .merge(has.getDeviceId(), has.getSeq(), Math::max);
                }
              }
              return new Devices(byUser, answers.size());
            });
  }

  /** Whether all were read. Nobody is told of anything but messages. */
  private CompletableFuture<Boolean> readPushes(int shard, Event event, EventPushes pushes) {
    if (!event.hasMessage() && !event.getDeleted()) {
      return CompletableFuture.completedFuture(true);
    }
    Instant since = Timestamps.toInstant(event.getTime()).minus(CLOCKS);
    return broker
        .dispatch()
        .read(shard, since, PUSHES, (of, message) -> pushes.fold(message.bytes()))
        .exceptionally(
            failure -> {
              LOG.debug("shard {}: what dispatchers wrote was not read", shard, failure);
              return false;
            });
  }

  private static RefusedException eventNotFound(String why) {
    return refused(ErrorReason.ERROR_REASON_EVENT_NOT_FOUND, "there is no such event: " + why);
  }

  private static RefusedException refused(ErrorReason reason, String message) {
    return new RefusedException(Refusal.of(reason, message));
  }

  private static RefusedException overloaded(String why) {
    return new RefusedException(
        new Refusal(ErrorReason.ERROR_REASON_OVERLOADED, why + "; ask again", Map.of(), LIMIT));
  }

  private static Throwable causeOf(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
  }
}
