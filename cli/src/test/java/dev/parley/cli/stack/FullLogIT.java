package dev.parley.cli.stack;

import static dev.parley.cli.stack.Deeds.command;
import static dev.parley.cli.stack.Deeds.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.conversation.ClientEventIds;
import dev.parley.conversation.ConversationIds;
import dev.parley.conversation.jetstream.JetStreamBroker;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.ShardLog;
import dev.parley.internal.v1.LogRecord;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyException;
import dev.parley.sdk.SessionOptions;
import dev.parley.v1.Command;
import dev.parley.v1.Cursor;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.Event.BodyCase;
import dev.parley.v1.Events;
import dev.parley.v1.ListEventsRequest;
import dev.parley.v1.ListEventsResponse;
import dev.parley.v1.Message;
import dev.parley.v1.RemoveMember;
import dev.parley.v1.SendRequest;
import dev.parley.v1.Stored;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The broker has no room left for a shard. */
class FullLogIT {
  /** More than the room of a shard holds, however small they are. */
  private static final int TRIES = 5_000;

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** As docs/operations/disk.md says. */
  private static final long TAKE_OVER_BYTES = 10_000;

  @TempDir Path data;

  /** Sends until the log is full. */
  private static final class Filler {
    final List<String> stored = new ArrayList<>();
    private final ParleyClient client;
    private final String conversation;
    private final long before;
    private SendRequest last = SendRequest.getDefaultInstance();
    private SendRequest lastStored = SendRequest.getDefaultInstance();

    /** {@code before}: the seq behind which it begins. */
    Filler(ParleyClient client, String conversation, long before) {
      this.client = client;
      this.conversation = conversation;
      this.before = before;
    }

    long head() {
      return before + stored.size();
    }

    /** Fills what is left with messages of this size; how the one was refused for which there is no room. */
    ParleyException fillWith(int size) {
      for (int i = 0; i < TRIES; i++) {
        String text = stored.size() + " " + "x".repeat(size);
        last =
            SendRequest.newBuilder()
                .setCommand(
                    Command.newBuilder()
                        .setConversationId(conversation)
                        .setClientEventId(ClientEventIds.create(Instant.now()))
                        .setMessage(Message.newBuilder().setText(text)))
                .build();
        try {
          Stored answer = client.blocking().send(last).getStored();
          stored.add(text);
          lastStored = last;
          assertThat(answer.getCursor().getSeq()).isEqualTo(head());
        } catch (StatusRuntimeException refused) {
          return ParleyException.of(refused);
        }
      }
      throw new AssertionError("the log never was full");
    }

    Stored sendLastStoredAgain() {
      return client.blocking().send(lastStored).getStored();
    }

    ParleyException sendRefusedAgain() {
      return ParleyException.of(
          catchThrowableOfType(
              StatusRuntimeException.class,
              () -> {
                var unused = client.blocking().send(last);
              }));
    }
  }

  private static void assertFull(ParleyException refused) {
    assertThat(refused.reason()).isEqualTo(ErrorReason.ERROR_REASON_LOG_FULL);
    assertThat(refused.code()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(refused.retryAfter()).isPositive();
  }

  @Test
  void aFullShardRefusesSendsAndKeepsWhatItHasAndTheOthersGoOn() throws Exception {
    try (LiveStack parley = new LiveStack(data, "--parley.router.nats.shard-bytes=512KiB")) {
      Device ann = parley.connect("ann", "phone");
      Device ben = parley.connect("ben", "phone");
      String id = ann.session().createDirect("ben").get(20, TimeUnit.SECONDS);
      Filler filler = new Filler(parley.client("ann"), id, 1);

      assertFull(filler.fillWith(30_000));
      assertFull(filler.fillWith(1_000));
      assertFull(filler.fillWith(1));
      assertFull(filler.sendRefusedAgain());
      assertThat(ann.session().sendText(id, "no room"))
          .failsWithin(20, TimeUnit.SECONDS)
          .withThrowableOfType(ExecutionException.class)
          .satisfies(
              refused ->
                  assertThat(ParleyException.of(refused).reason()).isEqualTo(ErrorReason.ERROR_REASON_LOG_FULL));

      long head = filler.head();
      assertThat(filler.sendLastStoredAgain())
          .satisfies(
              again -> {
                assertThat(again.getRepeated()).isTrue();
                assertThat(again.getCursor().getSeq()).isEqualTo(head);
              });
      ben.heard().awaitSeq(id, head);
      assertThat(ben.heard().texts(id)).isEqualTo(filler.stored);
      List<Event> log = log(parley.client("ben"), id);
      assertThat(log).extracting(Event::getSeq).isEqualTo(LongStream.rangeClosed(1, head).boxed().toList());
      assertThat(log.stream().skip(1).map(event -> event.getMessage().getText()).toList())
          .isEqualTo(filler.stored);

      String other = ann.session().createDirect(peerInAnotherShard(id)).get(20, TimeUnit.SECONDS);
      ann.session().sendText(other, "there is room here").get(20, TimeUnit.SECONDS);
      ann.heard().awaitSeq(other, 2);
    }
  }

  @Test
  void aFullShardMovesAndSettlesAndStillTakesWhatMakesRoom() throws Exception {
    try (LiveStack parley = new LiveStack(data, 2, 0, List.of("--parley.router.nats.shard-bytes=2MiB"));
        JetStreamBroker broker = JetStreamBroker.open(parley.operatorOfBroker())) {
      Device ann = parley.connectThroughEdgeTo(1, "ann", SessionOptions.forDevice("phone"));
      Device ben = parley.connectThroughEdgeTo(2, "ben", SessionOptions.forDevice("phone"));
      Device cat = parley.connect("cat", "phone");
      String id = get(ann.session().createGroup("full", List.of("ben", "cat", "dan", "eve")));
      for (int i = 2; i < 5; i++) {
        get(ann.session().sendText(id, "a secret"));
      }
      FullShard shard =
          new FullShard(parley, broker, id, new Filler(parley.client("ann"), id, 4), ann, ben);
      assertFull(shard.filler.fillWith(60_000));
      assertFull(shard.filler.fillWith(1_000));
      assertFull(shard.filler.fillWith(1));
      shard.head = shard.filler.head();
      shard.removesAndDeletes("cat", 2);
      shard.staysFull();

      int owner = shard.owner();
      long before = shard.bytes();
      parley.stopRouter(owner);
      await().atMost(PATIENCE).until(() -> shard.owner() != owner);
      assertThat(shard.bytes() - before).as("what a take-over takes").isLessThan(TAKE_OVER_BYTES);
      shard.staysFull();
      shard.removesAndDeletes("dan", 3);
      parley.startRouter(owner);

      int next = shard.owner();
      parley.killRouter(next);
      await().atMost(PATIENCE).until(() -> shard.owner() != next);
      shard.staysFull();
      shard.removesAndDeletes("eve", 4);

      assertThat(ben.heard().seqs(id)).isEqualTo(LongStream.rangeClosed(1, shard.head).boxed().toList());
      assertThat(ben.heard().in(id).stream().skip(shard.filler.head()).map(Event::getBodyCase))
          .containsExactly(
              BodyCase.MEMBER_REMOVED, BodyCase.DELETION,
              BodyCase.MEMBER_REMOVED, BodyCase.DELETION,
              BodyCase.MEMBER_REMOVED, BodyCase.DELETION);
      assertThat(ann.heard().in(id)).isEqualTo(ben.heard().in(id));
      cat.heard().awaitSeq(id, shard.filler.head() + 1);
      assertThat(cat.heard().cursor(id).getSeq()).isEqualTo(shard.filler.head() + 1);
    }
  }

  /** A shard without room, as those see it who use it. */
  private static final class FullShard {
    final Filler filler;
    long head;
    private final LiveStack parley;
    private final ShardLog log;
    private final String id;
    private final Device admin;
    private final Device other;

    FullShard(LiveStack parley, JetStreamBroker broker, String id, Filler filler, Device admin, Device other) {
      this.parley = parley;
      this.log = broker.shard(ConversationIds.shardOf(id, Layout.ONE_NODE.shards()));
      this.id = id;
      this.filler = filler;
      this.admin = admin;
      this.other = other;
    }

    /** The number of the router that has written the newest Owner record. */
    int owner() throws Exception {
      LogRecord record = LogRecord.parseFrom(Objects.requireNonNull(get(log.tail()).owner()).bytes());
      return record.getOwner().getRouter().equals(RouterProcess.name(1)) ? 1 : 2;
    }

    long bytes() throws Exception {
      return get(log.tail()).bytes();
    }

    /** A new message is refused, and the last one that was stored has its seq. */
    void staysFull() {
      await().atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> {
        assertThat(filler.sendLastStoredAgain()).satisfies(again -> {
          assertThat(again.getRepeated()).isTrue();
          assertThat(again.getCursor().getSeq()).isEqualTo(filler.head());
        });
        assertFull(filler.sendRefusedAgain());
      });
    }

    void removesAndDeletes(String member, long message) throws Exception {
      RemoveMember removal = RemoveMember.newBuilder().setUserId(member).build();
      assertThat(get(admin.session().send(command(admin, id).setRemoveMember(removal).build())).getCursor().getSeq())
          .isEqualTo(++head);
      assertThat(get(admin.session().delete(id, message)).getCursor().getSeq()).isEqualTo(++head);
      other.heard().awaitSeq(id, head);
      admin.heard().awaitSeq(id, head);
    }
  }

  /** The conversation as it lies on the log. */
  private static List<Event> log(ParleyClient client, String conversation) {
    List<Event> events = new ArrayList<>();
    ListEventsRequest.Builder request =
        ListEventsRequest.newBuilder().setConversationId(conversation).setAfter(Cursor.getDefaultInstance());
    boolean more = true;
    while (more) {
      ListEventsResponse response = client.blocking().listEvents(request.build());
      for (Events page : response.getPagesList()) {
        events.addAll(page.getEventsList());
        request.setAfter(
            Cursor.newBuilder()
                .setSeq(events.getLast().getSeq())
                .setPosition(page.getPosition())
                .setTerm(page.getTerm()));
      }
      more = response.getMore();
    }
    return events;
  }

  /** A user whose direct conversation with ann lies elsewhere. */
  private static String peerInAnotherShard(String full) {
    int shards = Layout.ONE_NODE.shards();
    return IntStream.range(0, 1_000)
        .mapToObj(i -> "peer-" + i)
        .filter(
            peer ->
                ConversationIds.shardOf(ConversationIds.direct("ann", peer), shards)
                    != ConversationIds.shardOf(full, shards))
        .findFirst()
        .orElseThrow();
  }
}
