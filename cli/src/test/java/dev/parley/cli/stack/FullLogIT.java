package dev.parley.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.conversation.ClientEventIds;
import dev.parley.conversation.ConversationIds;
import dev.parley.conversation.log.Layout;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyException;
import dev.parley.v1.Command;
import dev.parley.v1.Cursor;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.Events;
import dev.parley.v1.ListEventsRequest;
import dev.parley.v1.ListEventsResponse;
import dev.parley.v1.Message;
import dev.parley.v1.SendRequest;
import dev.parley.v1.Stored;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
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

  @TempDir Path data;

  /** Sends until the log is full. */
  private static final class Filler {
    final List<String> stored = new ArrayList<>();
    private final ParleyClient client;
    private final String conversation;
    private SendRequest last = SendRequest.getDefaultInstance();
    private SendRequest lastStored = SendRequest.getDefaultInstance();

    Filler(ParleyClient client, String conversation) {
      this.client = client;
      this.conversation = conversation;
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
          assertThat(answer.getCursor().getSeq()).isEqualTo(1 + stored.size());
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
      Filler filler = new Filler(parley.client("ann"), id);

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

      long head = 1 + filler.stored.size();
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
