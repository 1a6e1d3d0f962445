package dev.parley.router.link;

import dev.parley.internal.v1.LinkFrame;
import io.grpc.Status;
import io.grpc.stub.CallStreamObserver;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A wire over one gRPC stream, of either side. */
final class GrpcWire implements Wire, StreamObserver<LinkFrame> {
  private volatile @Nullable CallStreamObserver<LinkFrame> call;
  private volatile Ear ear = new Deaf();
  private final AtomicBoolean ended = new AtomicBoolean();

  private static final class Deaf implements Ear {
    @Override
    public void frame(LinkFrame frame) {}

    @Override
    public void ready() {}

    @Override
    public void closed() {}
  }

  void ear(Ear listener) {
    ear = listener;
  }

  /** Whatever is said goes out over this call. */
  void call(CallStreamObserver<LinkFrame> stream) {
    call = stream;
    stream.setOnReadyHandler(() -> ear.ready());
    if (stream instanceof ServerCallStreamObserver<LinkFrame> server) {
      server.setOnCancelHandler(this::ended);
    }
  }

  @Override
  public boolean ready() {
    CallStreamObserver<LinkFrame> stream = call;
    return stream != null && !ended.get() && stream.isReady();
  }

  @Override
  public void send(LinkFrame frame) {
    CallStreamObserver<LinkFrame> stream = call;
    if (stream != null && !ended.get()) {
      try {
        stream.onNext(frame);
      } catch (IllegalStateException | io.grpc.StatusRuntimeException e) {
        ended(); // it ended at the other side between the question and the call
      }
    }
  }

  @Override
  public void close() {
    CallStreamObserver<LinkFrame> stream = call;
    if (!ended.getAndSet(true)) {
      if (stream instanceof ClientCallStreamObserver<LinkFrame> client) {
        client.cancel("the link ends", null);
      } else if (stream != null) {
        stream.onError(Status.UNAVAILABLE.withDescription("the link ends").asRuntimeException());
      }
      ear.closed();
    }
  }

  private void ended() {
    if (!ended.getAndSet(true)) {
      ear.closed();
    }
  }

  @Override
  public void onNext(LinkFrame frame) {
    ear.frame(frame);
  }

  @Override
  public void onError(Throwable failure) {
    ended();
  }

  @Override
  public void onCompleted() {
    CallStreamObserver<LinkFrame> stream = call;
    if (!ended.getAndSet(true) && stream != null) {
      stream.onCompleted();
      ear.closed();
    }
  }
}
