package dev.parley.router.session;

import dev.parley.chassis.auth.Identity;
import dev.parley.chassis.errors.Errors;
import dev.parley.chassis.errors.Validation;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.Request;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.ErrorReason;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One Connect stream: carries frames between gRPC and a {@link SessionCall}. On the connection's event loop. */
public final class ConnectCall implements SessionCall.Downstream, StreamObserver<ClientFrame> {
  private final Sessions sessions;
  private final SessionHub hub;
  private final ServerCallStreamObserver<EncodedFrame> call;
  private final SessionCall session;
  private boolean inputPaused;

  private ConnectCall(Sessions sessions, Identity identity, ServerCallStreamObserver<EncodedFrame> call) {
    this.sessions = sessions;
    this.hub = sessions.hub();
    this.call = call;
    this.session = SessionCall.open(sessions, hub, identity, this);
  }

  /** Begins a session for a stream that has just come in. */
  public static StreamObserver<ClientFrame> open(
      Sessions sessions, Identity identity, StreamObserver<EncodedFrame> responses) {
    ServerCallStreamObserver<EncodedFrame> call = (ServerCallStreamObserver<EncodedFrame>) responses;
    if (sessions.draining().get()) {
      call.onError(
          Errors.status(
              ErrorReason.ERROR_REASON_DRAINING,
              "this router is going away",
              Map.of(),
              Duration.ofMillis(100)));
      return new Ignored();
    }
    if (sessions.open().get() >= sessions.limits().sessions()) {
      call.onError(
          Errors.status(
              ErrorReason.ERROR_REASON_OVERLOADED,
              "this router holds as many sessions as it may",
              Map.of("limit", Integer.toString(sessions.limits().sessions())),
              Duration.ofSeconds(5)));
      return new Ignored();
    }
    ConnectCall connect = new ConnectCall(sessions, identity, call);
    call.disableAutoRequest();
    call.setOnReadyHandler(connect::onReady);
    call.setOnCancelHandler(connect.session()::broke);
    call.request(1);
    return connect;
  }

  /** A stream that was refused before it began. */
  private static final class Ignored implements StreamObserver<ClientFrame> {
    @Override
    public void onNext(ClientFrame frame) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }

  // ------------------------------------------------------------------ from the client

  @Override
  public void onNext(ClientFrame frame) {
    if (session().closed()) {
      return;
    }
    int bytes = frame.getSerializedSize();
    if (bytes > sessions.limits().frameBytes()) {
      session().invalid(frame, Refusal.tooLarge("the frame", sessions.limits().frameBytes(), bytes));
    } else {
      Validation.Violation violation = isHot(frame) ? null : sessions.validation().check(frame);
      if (violation != null) {
        session().invalid(frame, Refusal.invalidField(violation.field(), violation.message()));
      } else {
        session.frame(frame, bytes);
      }
    }
    Duration wait = session().closed() ? Duration.ZERO : session().throttle();
    if (wait.isZero()) {
      takeNext();
    } else {
      hub.loop().after(wait, this::takeNext);
    }
  }

  /** Takes another frame, unless the client does not read what its frames bring about. */
  private void takeNext() {
    if (call.isReady() || session().closed()) {
      call.request(1);
    } else {
      inputPaused = true;
    }
  }

  private void onReady() {
    session().ready();
    if (inputPaused) {
      inputPaused = false;
      call.request(1);
    }
  }

  /**
   * Commands and Credit make up nearly all frames, and checking them by the contract's CEL rules was an eighth of the
   * router's CPU: a command's rules are checked by {@link Request#of}, a Credit's by the session.
   */
  private static boolean isHot(ClientFrame frame) {
    return frame.hasCommand() || frame.hasCredit();
  }

  @Override
  public void onError(Throwable failure) {
    session().broke();
  }

  @Override
  public void onCompleted() {
    session().ended();
  }

  // ------------------------------------------------------------------ to the client

  @Override
  public boolean ready() {
    return call.isReady();
  }

  @Override
  public void write(EncodedFrame frame) {
    if (!call.isCancelled()) {
      call.onNext(frame);
    }
  }

  @Override
  public void close(@Nullable Refusal why) {
    if (call.isCancelled()) {
      return;
    }
    if (why == null) {
      call.onCompleted();
    } else {
      call.onError(Errors.status(why.reason(), why.message(), why.metadata(), why.retryAfter()));
    }
  }

  private Session session() {
    return session.session();
  }
}
