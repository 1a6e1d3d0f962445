package dev.parley.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.conversation.ConversationIds;
import dev.parley.conversation.jetstream.JetStreamBroker;
import dev.parley.conversation.jetstream.JetStreamSettings;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.ShardLog;
import dev.parley.parts.NatsServer;
import dev.parley.parts.Parts;
import dev.parley.router.RouterFixture.Device;
import dev.parley.sdk.MemoryCursorStore;
import dev.parley.sdk.ParleyException;
import dev.parley.sdk.SessionOptions;
import dev.parley.v1.Conversation;
import dev.parley.v1.Cursor;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.ListConversationsRequest;
import dev.parley.v1.ListEventsRequest;
import dev.parley.v1.ListEventsResponse;
import dev.parley.v1.ResetReason;
import dev.parley.v1.Stored;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Users of a router whose log, on the real broker, is trimmed. */
class TrimmedLogIT {
  private static final int MESSAGES = 600;
  private static final Layout LAYOUT = new Layout(1, 8, 1);

  @TempDir private Path directory;
  private NatsServer nats;
  private JetStreamBroker broker;
  private RouterFixture parley;
  private String conversation;
  private Cursor left;

  @BeforeEach
  void aConversationOfWhichSomebodyMissedMost() throws Exception {
    Path program = Parts.atHome(System.err::println).natsServer();
    nats = NatsServer.start(new NatsServer.Settings(program, directory).withSyncInterval("1s"));
    broker = JetStreamBroker.open(new JetStreamSettings(nats.url()).withLayout(LAYOUT, 64L << 20));
    parley = new RouterFixture(broker);
    Device alice = parley.connect("alice", "phone");
    Device bob = parley.connect("bob", "phone");
    conversation = alice.session().createDirect("bob").get(10, TimeUnit.SECONDS);
    alice.session().sendText(conversation, "hello").get(10, TimeUnit.SECONDS);
    bob.heard().awaitSeq(conversation, 2);
    left = bob.heard().cursor(conversation);
    bob.close();
    CompletableFuture<Stored> last = new CompletableFuture<>();
    for (int i = 2; i < MESSAGES; i++) {
      last = alice.session().sendText(conversation, i + " " + "x".repeat(400));
      if (i % 20 == 0) {
        last.get(20, TimeUnit.SECONDS);
      }
    }
    last.get(20, TimeUnit.SECONDS);
    alice.close();
    await().until(() -> broker.table(TableName.SNAPSHOTS).get(conversation + ".a").get() != null);
  }

  @AfterEach
  void stop() {
    parley.close();
    broker.close();
    nats.close();
  }

  private ShardLog log() {
    return broker.shard(ConversationIds.shardOf(conversation, LAYOUT.shards()));
  }

  /** Trims up to the record that holds a seq; the first seq that is left. */
  private long trimTo(long seq) throws Exception {
    ListEventsRequest before =
        ListEventsRequest.newBuilder().setConversationId(conversation).setBeforeSeq(seq + 1).setPageSize(1).build();
    long position = parley.client("alice").blocking().listEvents(before).getPages(0).getPosition();
    log().trim(position).get(10, TimeUnit.SECONDS);
    return seq;
  }

  private Device comeBack(Cursor cursor) {
    MemoryCursorStore cursors = new MemoryCursorStore();
    cursors.save(conversation, cursor);
    return parley.connect("bob", SessionOptions.forDevice("phone").withCursors(cursors));
  }

  private void assertGetsWhatIsLeft(Cursor cursor, long first) throws Exception {
    try (Device bob = comeBack(cursor)) {
      long head = bob.session().sendText(conversation, "back").get(20, TimeUnit.SECONDS).getCursor().getSeq();
      bob.heard().awaitSeq(conversation, head);

      assertThat(bob.heard().resets).singleElement().satisfies(reset -> {
        assertThat(reset.getReason()).isEqualTo(ResetReason.RESET_REASON_TRIMMED);
        assertThat(reset.getNext().getSeq()).isEqualTo(first - 1);
      });
      assertThat(bob.heard().seqs(conversation)).isEqualTo(LongStream.rangeClosed(first, head).boxed().toList());
      assertThat(bob.heard().violations).isEmpty();
      assertThat(bob.heard().errors).isEmpty();
    }
  }

  @Test
  void whoComesBackIsToldAndGetsExactlyWhatIsLeftFromARunningRouterAndFromANewOne() throws Exception {
    long first = trimTo(200);
    assertGetsWhatIsLeft(left, first);
    assertGetsWhatIsLeft(Cursor.getDefaultInstance(), first);

    first = trimTo(250);
    parley.restart();
    assertGetsWhatIsLeft(left, first);
    assertGetsWhatIsLeft(Cursor.newBuilder().setSeq(100).build(), first);
  }

  @Test
  void whoStandsAtWhatIsLeftNoticesNothing() throws Exception {
    trimTo(200);
    try (Device bob = comeBack(left.toBuilder().clearPosition().clearTerm().setSeq(199).build())) {
      bob.heard().awaitSeq(conversation, MESSAGES);
      assertThat(bob.heard().resets).isEmpty();
      assertThat(bob.heard().seqs(conversation)).isEqualTo(LongStream.rangeClosed(200, MESSAGES).boxed().toList());
    }
  }

  @Test
  void aConversationThatWasTrimmedFurtherThanItsSnapshotReachesIsLostAloneAndTheOthersGoOn() throws Exception {
    try (Device alice = parley.connect("alice", "phone")) {
      String other = alice.session().createDirect("carl").get(10, TimeUnit.SECONDS);
      trimTo(MESSAGES);
      parley.restart();

      assertThat(alice.session().sendText(other, "here").get(20, TimeUnit.SECONDS).getCursor().getSeq()).isEqualTo(2);
      assertThat(alice.session().sendText(conversation, "there"))
          .failsWithin(20, TimeUnit.SECONDS)
          .withThrowableOfType(ExecutionException.class)
          .satisfies(
              refused ->
                  assertThat(ParleyException.of(refused).reason()).isEqualTo(ErrorReason.ERROR_REASON_INTERNAL));
      assertThat(
              parley
                  .client("alice")
                  .blocking()
                  .listConversations(ListConversationsRequest.getDefaultInstance())
                  .getConversationsList())
          .extracting(Conversation::getConversationId)
          .containsExactly(other);
    }
  }

  @Test
  void historyEndsWhereTheLogBegins() throws Exception {
    long first = trimTo(200);
    List<Long> seqs = new ArrayList<>();
    ListEventsRequest.Builder request = ListEventsRequest.newBuilder().setConversationId(conversation).setPageSize(100);
    ListEventsResponse response;
    do {
      response = parley.client("bob").blocking().listEvents(request.build());
      response.getPagesList().forEach(page -> page.getEventsList().forEach(event -> seqs.add(event.getSeq())));
      request.setBeforeSeq(seqs.getLast());
    } while (response.getMore());
    assertThat(seqs.reversed()).isEqualTo(LongStream.rangeClosed(first, MESSAGES).boxed().toList());

    request.setAfter(left);
    response = parley.client("bob").blocking().listEvents(request.build());
    assertThat(response.getReset().getReason()).isEqualTo(ResetReason.RESET_REASON_TRIMMED);
    request.setAfter(response.getReset().getNext());
    response = parley.client("bob").blocking().listEvents(request.build());
    assertThat(response.getPages(0).getEvents(0).getSeq()).isEqualTo(first);
  }
}
