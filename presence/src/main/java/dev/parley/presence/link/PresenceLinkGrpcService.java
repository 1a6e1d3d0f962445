package dev.parley.presence.link;

import dev.parley.internal.v1.FromPresence;
import dev.parley.internal.v1.GetPresenceStatusRequest;
import dev.parley.internal.v1.GetPresenceStatusResponse;
import dev.parley.internal.v1.PresenceLinkServiceGrpc;
import dev.parley.internal.v1.ToPresence;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/** Takes the streams of routers to the loop, and what the links say to the streams. Thread-safe. */
final class PresenceLinkGrpcService extends PresenceLinkServiceGrpc.PresenceLinkServiceImplBase {
  private final PresenceLinks links;

  PresenceLinkGrpcService(PresenceLinks links) {
    this.links = links;
  }

  @Override
  public StreamObserver<ToPresence> connect(StreamObserver<FromPresence> responses) {
    ServerCallStreamObserver<FromPresence> call = (ServerCallStreamObserver<FromPresence>) responses;
    call.disableAutoRequest();
    Stream stream = new Stream(call);
    call.setOnReadyHandler(() -> links.execute(stream::becameReady));
    call.setOnCancelHandler(() -> links.execute(stream::cancelled));
    links.execute(stream::open);
    return stream;
  }

  /** One router's stream; its fields belong to the loop. */
  private final class Stream implements Wire, StreamObserver<ToPresence> {
    private final ServerCallStreamObserver<FromPresence> call;
    private @Nullable NodeLink link;
    private boolean ended;

    private Stream(ServerCallStreamObserver<FromPresence> call) {
      this.call = call;
    }

    private void open() {
      link = links.core().open(this);
    }

    private void becameReady() {
      if (link != null && !ended) {
        links.core().busy(link);
      }
    }

    private void cancelled() {
      ended = true;
      if (link != null) {
        link.end(null);
      }
    }

    @Override
    public void onNext(ToPresence frame) {
      links.execute(
          () -> {
            if (link != null) {
              link.received(frame);
            }
          });
    }

    @Override
    public void onError(Throwable failure) {
      links.execute(this::cancelled);
    }

    @Override
    public void onCompleted() {
      links.execute(
          () -> {
            if (!ended) {
              call.onCompleted();
            }
            cancelled();
          });
    }

    @Override
    public boolean ready() {
      return !ended && call.isReady();
    }

    @Override
    public void send(FromPresence frame) {
      if (!ended) {
        call.onNext(frame);
      }
    }

    @Override
    public void more() {
      if (!ended) {
        call.request(1);
      }
    }

    @Override
    public void end(StatusRuntimeException reason) {
      if (!ended) {
        ended = true;
        call.onError(reason);
      }
    }
  }

  @Override
  public void getPresenceStatus(
      GetPresenceStatusRequest request, StreamObserver<GetPresenceStatusResponse> response) {
    links
        .status()
        .whenComplete(
            (status, failure) -> {
              if (failure == null) {
                response.onNext(status);
                response.onCompleted();
              } else {
                response.onError(
                    Status.UNAVAILABLE
                        .withDescription("what presence is kept in does not answer: try again, or look at Redis")
                        .withCause(failure)
                        .asRuntimeException());
              }
            });
  }
}
