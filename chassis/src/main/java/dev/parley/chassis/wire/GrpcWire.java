package dev.parley.chassis.wire;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.CallStreamObserver;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A wire over one gRPC stream, of either side. What it is given as observer of the other side's frames it tells its ear.
 *
 * @param <O> what is sent
 * @param <I> what comes
 */
public final class GrpcWire<O, I> implements Wire<O>, StreamObserver<I> {
  private volatile @Nullable CallStreamObserver<O> call;
  private volatile Ear<I> ear = new Deaf<>();
  private final AtomicBoolean ended = new AtomicBoolean();

  private static final class Deaf<I> implements Ear<I> {
    @Override
    public void frame(I frame) {}

    @Override
    public void ready() {}

    @Override
    public void closed() {}
  }

  /** Who hears what comes; before that nobody does. */
  public void ear(Ear<I> listener) {
    ear = listener;
  }

  /** Whatever is said goes out over this call. */
  public void call(CallStreamObserver<O> stream) {
    call = stream;
    stream.setOnReadyHandler(() -> ear.ready());
    if (stream instanceof ServerCallStreamObserver<O> server) {
      server.setOnCancelHandler(this::ended);
    }
  }

  /** What the side that opens the stream gives its stub. */
  public ClientResponseObserver<O, I> opening() {
    return new ClientResponseObserver<>() {
      @Override
      public void beforeStart(ClientCallStreamObserver<O> stream) {
        call(stream);
      }

      @Override
      public void onNext(I frame) {
        GrpcWire.this.onNext(frame);
      }

      @Override
      public void onError(Throwable failure) {
        GrpcWire.this.onError(failure);
      }

      @Override
      public void onCompleted() {
        GrpcWire.this.onCompleted();
      }
    };
  }

  @Override
  public boolean ready() {
    CallStreamObserver<O> stream = call;
    return stream != null && !ended.get() && stream.isReady();
  }

  @Override
  public void send(O frame) {
    CallStreamObserver<O> stream = call;
    if (stream != null && !ended.get()) {
      try {
        stream.onNext(frame);
      } catch (IllegalStateException | StatusRuntimeException e) {
        ended(); // it ended at the other side between the question and the call
      }
    }
  }

  @Override
  public void close() {
    CallStreamObserver<O> stream = call;
    if (!ended.getAndSet(true)) {
      if (stream instanceof ClientCallStreamObserver<O> client) {
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
  public void onNext(I frame) {
    ear.frame(frame);
  }

  @Override
  public void onError(Throwable failure) {
    ended();
  }

  @Override
  public void onCompleted() {
    CallStreamObserver<O> stream = call;
    if (!ended.getAndSet(true) && stream != null) {
      stream.onCompleted();
      ear.closed();
    }
  }
}
