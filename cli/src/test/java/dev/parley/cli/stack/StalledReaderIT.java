package dev.parley.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.sdk.SessionOptions;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Credit;
import dev.parley.v1.Cursors;
import dev.parley.v1.Event;
import dev.parley.v1.HeadsRequest;
import dev.parley.v1.Hello;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.Stored;
import io.grpc.Metadata;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that keep their streams open and do not read them, while 300 messages a second are for them. */
class StalledReaderIT {
  private static final int WRITERS = 3;
  private static final int MESSAGES_OF_EACH = 500;
  private static final int MESSAGES = WRITERS * MESSAGES_OF_EACH;
  private static final Duration INTERVAL_OF_EACH = Duration.ofMillis(10);
  private static final String TEXT = "x".repeat(12_000);

  /** What all of these have not read together is more than the router's heap and direct memory: it must not keep it. */
  private static final int STALLED = 20;

  /** Frames without an acknowledgement, as the router's settings have it. */
  private static final int WINDOW = 256;

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration LOAD_PATIENCE = Duration.ofSeconds(90);

  @TempDir Path data;

  /** A Connect stream by hand that takes frames only when it is told to. */
  private static final class Reader implements ClientResponseObserver<ClientFrame, ServerFrame> {
    final List<Event> events = new CopyOnWriteArrayList<>();
    volatile boolean live;
    volatile long head;
    volatile int frames;
    volatile int heads;
    volatile @Nullable Throwable failure;
    private @Nullable ClientCallStreamObserver<ClientFrame> out;
    private boolean reading = true;
    private boolean acknowledging;

    @Override
    public void beforeStart(ClientCallStreamObserver<ClientFrame> out) {
      this.out = out;
      out.disableAutoRequestWithInitial(1);
    }

    synchronized Reader open(String device) {
      send(ClientFrame.newBuilder().setHello(Hello.newBuilder().setDeviceId(device)));
      send(ClientFrame.newBuilder().setCursors(Cursors.newBuilder().setComplete(true)));
      return this;
    }

    private void send(ClientFrame.Builder frame) {
      Objects.requireNonNull(out).onNext(frame.build());
    }

    /** Reads on, but acknowledges nothing. */
    synchronized void read() {
      reading = true;
      Objects.requireNonNull(out).request(1);
    }

    /** The answer, {@link #head}, comes behind everything that was sent before. */
    synchronized void askForHeads() {
      send(ClientFrame.newBuilder().setHeadsRequest(HeadsRequest.getDefaultInstance()));
    }

    synchronized void acknowledge() {
      acknowledging = true;
      send(ClientFrame.newBuilder().setCredit(Credit.newBuilder().setFrames(frames)));
    }

    @Override
    public synchronized void onNext(ServerFrame frame) {
      frames++;
      if (frame.hasEvents()) {
        events.addAll(frame.getEvents().getEventsList());
      } else if (frame.hasHeads()) {
        heads++;
        frame.getHeads().getHeadsList().forEach(told -> head = told.getSeq());
      } else if (frame.getCatchUp().getComplete()) {
        live = true;
        reading = false;
      }
      if (acknowledging && frames % (WINDOW / 4) == 0) {
        acknowledge();
      }
      if (reading) {
        Objects.requireNonNull(out).request(1);
      }
    }

    @Override
    public void onError(Throwable error) {
      failure = error;
    }

    @Override
    public void onCompleted() {}
  }

  private static Reader reader(LiveStack parley, String user, String device) throws IOException {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
        "Bearer " + parley.token(user, Duration.ofHours(1)));
    Reader reader = new Reader();
    var unused =
        ChatServiceGrpc.newStub(parley.channel())
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
            .connect(reader);
    return reader.open(device);
  }

  /** Sends at its rate, whatever the answers; all of them are stored when it returns. */
  private static void load(List<Device> writers, String conversation) throws Exception {
    List<CompletableFuture<Stored>> sent = new CopyOnWriteArrayList<>();
    CountDownLatch left = new CountDownLatch(MESSAGES_OF_EACH);
    try (ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor()) {
      var ticks =
          clock.scheduleAtFixedRate(
              () -> {
                if (left.getCount() > 0) {
                  writers.forEach(writer -> sent.add(writer.session().sendText(conversation, TEXT)));
                  left.countDown();
                }
              },
              0,
              INTERVAL_OF_EACH.toMillis(),
              TimeUnit.MILLISECONDS);
      assertThat(left.await(LOAD_PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      ticks.cancel(false);
    }
    CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).get(LOAD_PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertThat(sent).hasSize(MESSAGES);
  }

  @Test
  void readersThatStallSlowNobodyAndGetEverythingInOrderWhenTheyReadAgain() throws Exception {
    try (LiveStack parley = new LiveStack(data)) {
      // One command of each writer is on its way at a time, so that a record holds few and a frame as well.
      List<Device> writers = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        writers.add(parley.connect("writer-" + i, SessionOptions.forDevice("phone").withSendTimeout(LOAD_PATIENCE)));
      }
      Device ben = parley.connect("ben", "phone");
      String id =
          writers
              .getFirst()
              .session()
              .createGroup("a busy group", List.of("writer-1", "writer-2", "ben", "eve"))
              .get(20, TimeUnit.SECONDS);
      List<Reader> stalled = new ArrayList<>();
      for (int i = 0; i < STALLED; i++) {
        stalled.add(reader(parley, "eve", "device-" + i));
      }
      await().until(() -> stalled.stream().allMatch(reader -> reader.live));

      load(writers, id);

      long last = 1 + MESSAGES;
      ben.heard().awaitSeq(id, last);
      assertThat(ben.heard().seqs(id)).isEqualTo(LongStream.rangeClosed(1, last).boxed().toList());
      assertThat(ben.heard().caughtUp).as("streams of a reader that does read").hasValue(1);
      assertThat(parley.router(1).isAlive()).isTrue();
      assertThat(stalled).allSatisfy(reader -> assertThat(reader.failure).isNull());

      Reader eve = stalled.getFirst();
      assertThat(eve.events).isEmpty();
      eve.read();
      await().atMost(PATIENCE).until(() -> eve.frames >= WINDOW);
      eve.askForHeads();
      await().atMost(PATIENCE).until(() -> eve.head == last);
      assertThat(eve.frames - eve.heads)
          .as("frames that are held back from those who do not acknowledge")
          .isLessThanOrEqualTo(WINDOW);
      assertThat(eve.events.getLast().getSeq()).isLessThan(last);
      eve.acknowledge();
      await().atMost(PATIENCE).until(() -> eve.events.getLast().getSeq() == last);
      assertThat(eve.events)
          .extracting(Event::getSeq)
          .isEqualTo(LongStream.rangeClosed(2, last).boxed().toList());
      assertThat(eve.events).allMatch(event -> event.getMessage().getText().equals(TEXT));
    }
  }
}
