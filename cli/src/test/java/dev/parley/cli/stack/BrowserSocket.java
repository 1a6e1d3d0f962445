package dev.parley.cli.stack;

import static org.awaitility.Awaitility.await;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Command;
import dev.parley.v1.ConversationCursor;
import dev.parley.v1.Credit;
import dev.parley.v1.Cursors;
import dev.parley.v1.Event;
import dev.parley.v1.Hello;
import dev.parley.v1.Message;
import dev.parley.v1.ServerFrame;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A socket as a browser's program would use it: it takes what comes, acknowledges it, and remembers how it ended. */
final class BrowserSocket implements WebSocket.Listener, AutoCloseable {
  static final String JSON = "parley.v1.json";
  static final String BINARY = "parley.v1.binary";

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  final List<ServerFrame> frames = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Closed> closed = new CompletableFuture<>();
  private final StringBuilder text = new StringBuilder();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final boolean binary;
  private final boolean reads;
  private final WebSocket socket;

  /** How a socket ended; code 1006: without a close frame. */
  record Closed(int code, String reason) {}

  /** A socket that reads. */
  static BrowserSocket open(HttpClient http, String url, String format, @Nullable String token) {
    return new BrowserSocket(http, url, format, token, true);
  }

  /** {@code reads}: false: it opens and never takes anything. */
  BrowserSocket(HttpClient http, String url, String format, @Nullable String token, boolean reads) {
    this.binary = format.equals(BINARY);
    this.reads = reads;
    WebSocket.Builder builder = http.newWebSocketBuilder();
    if (token == null) {
      builder.subprotocols(format);
    } else {
      builder.subprotocols(format, "parley.token." + token);
    }
    this.socket = builder.buildAsync(URI.create(url), this).join();
  }

  /** The subprotocol that the server chose. */
  String chosen() {
    return socket.getSubprotocol();
  }

  @Override
  public void onOpen(WebSocket opened) {
    if (reads) {
      opened.request(1);
    }
  }

  @Override
  public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
    text.append(data);
    if (last) {
      ServerFrame.Builder frame = ServerFrame.newBuilder();
      try {
        JsonFormat.parser().merge(text.toString(), frame);
      } catch (InvalidProtocolBufferException e) {
        throw new AssertionError("no ServerFrame: " + text, e);
      }
      text.setLength(0);
      received(frame.build());
    }
    from.request(1);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
    byte[] part = new byte[data.remaining()];
    data.get(part);
    bytes.writeBytes(part);
    if (last) {
      try {
        received(ServerFrame.parseFrom(bytes.toByteArray()));
      } catch (InvalidProtocolBufferException e) {
        throw new AssertionError("no ServerFrame", e);
      }
      bytes.reset();
    }
    from.request(1);
    return null;
  }

  private void received(ServerFrame frame) {
    frames.add(frame);
    if (!frame.hasError()) {
      say(ClientFrame.newBuilder().setCredit(Credit.newBuilder().setFrames(frames.size())).build());
    }
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
    closed.complete(new Closed(code, reason));
    return null;
  }

  @Override
  public void onError(WebSocket from, Throwable error) {
    closed.complete(new Closed(1006, String.valueOf(error.getMessage())));
  }

  /** Waits for the end. */
  Closed end() {
    return closed.orTimeout(PATIENCE.toSeconds(), java.util.concurrent.TimeUnit.SECONDS).join();
  }

  boolean isOpen() {
    return !closed.isDone();
  }

  void say(ClientFrame frame) {
    try {
      if (binary) {
        sayBytes(frame.toByteArray());
      } else {
        sayText(JsonFormat.printer().print(frame));
      }
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  synchronized void sayText(String said) {
    socket.sendText(said, true).exceptionally(e -> socket).join();
  }

  synchronized void sayBytes(byte[] said) {
    socket.sendBinary(ByteBuffer.wrap(said), true).exceptionally(e -> socket).join();
  }

  /** Hello and cursors, and waits until it has caught up. */
  BrowserSocket begin(String device, ConversationCursor... cursors) {
    hello(device, cursors);
    await().atMost(PATIENCE).until(() -> frames.stream().anyMatch(each -> each.getCatchUp().getComplete()) || !isOpen());
    return this;
  }

  void hello(String device, ConversationCursor... cursors) {
    say(ClientFrame.newBuilder().setHello(Hello.newBuilder().setDeviceId(device)).build());
    say(
        ClientFrame.newBuilder()
            .setCursors(Cursors.newBuilder().addAllCursors(List.of(cursors)).setComplete(true))
            .build());
  }

  void sendText(String conversation, String id, String said) {
    say(
        ClientFrame.newBuilder()
            .setCommand(
                Command.newBuilder()
                    .setConversationId(conversation)
                    .setClientEventId(id)
                    .setMessage(Message.newBuilder().setText(said)))
            .build());
  }

  /** All events so far, in the order in which they came. */
  Stream<Event> events() {
    return frames.stream().flatMap(each -> each.getEvents().getEventsList().stream());
  }

  /** Waits for a frame of this kind. */
  ServerFrame awaitFrame(Predicate<ServerFrame> wanted) {
    await().atMost(PATIENCE).until(() -> frames.stream().anyMatch(wanted));
    return frames.stream().filter(wanted).findFirst().orElseThrow();
  }

  /** Waits until a message says this. */
  void awaitText(String said) {
    awaitFrame(
        frame -> frame.getEvents().getEventsList().stream().anyMatch(e -> e.getMessage().getText().equals(said)));
  }

  @Override
  public void close() {
    socket.abort();
  }
}
