package dev.parley.sdk;

import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.ServerFrame;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One Connect call of a session, as the shell holds it. Passes what it hears to the session's serial loop. */
final class StreamCall implements ClientResponseObserver<ClientFrame, ServerFrame> {
  private final int stream;
  private final ParleySession session;
  private @Nullable ClientCallStreamObserver<ClientFrame> requests;
  private boolean closed;

  StreamCall(int stream, ParleySession session) {
    this.stream = stream;
    this.session = session;
  }

  /** Opens the call with the token. */
  void open(ChatServiceGrpc.ChatServiceStub stub, String token) {
    stub.withCallCredentials(new BearerToken(() -> CompletableFuture.completedFuture(token))).connect(this);
  }

  void send(ClientFrame frame) {
    if (requests != null && !closed) {
      requests.onNext(frame);
    }
  }

  /** Ends the call: says that nothing more comes, and wants to hear nothing more. */
  void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (requests != null) {
      requests.cancel("The session goes on without this stream", null);
    }
  }

  boolean closed() {
    return closed;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<ClientFrame> observer) {
    requests = observer;
  }

  @Override
  public void onNext(ServerFrame frame) {
    session.onFrame(stream, frame);
  }

  @Override
  public void onError(Throwable failure) {
    session.onClosed(stream, ParleyException.of(failure));
  }

  @Override
  public void onCompleted() {
    session.onClosed(stream, ParleyException.of(
        Status.UNAVAILABLE.withDescription("The server ended the stream").asRuntimeException()));
  }
}
