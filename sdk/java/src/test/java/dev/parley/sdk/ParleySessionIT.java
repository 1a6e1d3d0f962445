package dev.parley.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.v1.Command;
import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import dev.parley.v1.Message;
import dev.parley.v1.Stored;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client over a real HTTP/2 connection, against a server that keeps conversations in memory. */
class ParleySessionIT {
  private final FakeChatService service = new FakeChatService();
  private Server server;
  private ParleyEndpoint endpoint;
  private ParleyClient alice;
  private ParleyClient bob;

  @BeforeEach
  void start() throws IOException {
    server = NettyServerBuilder.forPort(0).addService(service).intercept(FakeChatService.TOKENS).build().start();
    endpoint = ParleyEndpoint.plaintext("127.0.0.1:" + server.getPort());
    alice = new ParleyClient(endpoint, TokenSource.fixed("alice"));
    bob = new ParleyClient(endpoint, TokenSource.fixed("bob"));
  }

  @AfterEach
  void stop() throws InterruptedException {
    alice.close();
    bob.close();
    server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    endpoint.close();
  }

  @Test
  void twoUsersTalk() {
    Heard heard = new Heard();
    ParleySession a = alice.connect(options("a"), new Heard());
    ParleySession b = bob.connect(options("b"), heard);
    await().until(() -> service.streams() == 2);
    String conversation = a.createDirect("bob").join();
    Stored stored = a.sendText(conversation, "hello").join();

    await().until(() -> heard.seqs.contains(stored.getCursor().getSeq()));
    assertThat(b.createDirect("alice").join()).isEqualTo(conversation);
    assertThat(b.userId()).isEqualTo("bob");
  }

  @Test
  void cutsAndHandOversUnderLoadLoseAndDoubleNothing() {
    Heard sender = new Heard();
    Heard receiver = new Heard();
    ParleySession a = alice.connect(options("a").withCommands(10_000, 8), sender);
    bob.connect(options("b"), receiver);
    await().until(() -> service.streams() == 2);
    String conversation = a.createDirect("bob").join();

    List<CompletableFuture<Stored>> answers = new ArrayList<>();
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < 100; i++) {
        answers.add(a.sendText(conversation, "m" + answers.size()));
      }
      if (round % 2 == 0) {
        service.cutAll();
      } else {
        service.askToReconnect();
      }
    }
    List<Long> seqs = answers.stream().map(answer -> answer.join().getCursor().getSeq()).toList();

    assertThat(seqs).containsExactlyElementsOf(LongStream.rangeClosed(2, 1_001).boxed().toList());
    await().until(() -> receiver.seqs.size() == 1_001 && sender.seqs.size() == 1_001);
    assertThat(receiver.seqs).isSorted().doesNotHaveDuplicates();
    assertThat(sender.seqs).isSorted().doesNotHaveDuplicates();
    assertThat(sender.violations).isEmpty();
    assertThat(receiver.violations).isEmpty();
  }

  @Test
  void theNextSessionOfADeviceResumesFromTheCursorsInItsFile(@TempDir Path directory) {
    Heard before = new Heard();
    ParleySession a = alice.connect(options("a"), new Heard());
    ParleySession first =
        bob.connect(options("b").withCursors(new FileCursorStore(directory.resolve("cursors"))), before);
    await().until(() -> service.streams() == 2);
    String conversation = a.createDirect("bob").join();
    await().until(() -> before.seqs.size() == 1);
    first.close();
    await().until(() -> first.state() == SessionState.CLOSED);
    a.sendText(conversation, "one").join();
    a.sendText(conversation, "two").join();

    Heard after = new Heard();
    bob.connect(options("b").withCursors(new FileCursorStore(directory.resolve("cursors"))), after);
    await().until(() -> after.seqs.size() == 2);
    assertThat(after.seqs).containsExactly(2L, 3L);
  }

  @Test
  void aRefusedCommandFailsWithItsReason() {
    ParleySession a = alice.connect(options("a"), new Heard());
    Command command = Command.newBuilder().setConversationId("01890000-0000-7000-8000-0000000000ff")
        .setMessage(Message.newBuilder().setText("x")).build();
    String reason = a.send(command).handle((ok, failure) -> ParleyException.of(failure).reason().name()).join();
    assertThat(reason).isEqualTo("ERROR_REASON_CONVERSATION_NOT_FOUND");
  }

  private static SessionOptions options(String device) {
    return SessionOptions.forDevice(device).withBackoff(Duration.ofMillis(10), Duration.ofMillis(100));
  }

  private static final class Heard implements SessionListener {
    final List<Long> seqs = new CopyOnWriteArrayList<>();
    final List<Violation> violations = new CopyOnWriteArrayList<>();

    @Override
    public void onEvent(String conversationId, Event event, Cursor cursor) {
      seqs.add(event.getSeq());
    }

    @Override
    public void onViolation(Violation violation) {
      violations.add(violation);
    }
  }
}
