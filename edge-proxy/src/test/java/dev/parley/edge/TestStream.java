package dev.parley.edge;

import static org.awaitility.Awaitility.await;

import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Credit;
import dev.parley.v1.ServerFrame;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A Connect stream that asks the router for its name, as often as one likes. */
final class TestStream {
  /** In the queue of names: there will be no more. */
  private static final String END = "";

  private final BlockingQueue<String> names = new LinkedBlockingQueue<>();
  private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
  private final StreamObserver<ClientFrame> out;

  TestStream(Channel channel) {
    out =
        ChatServiceGrpc.newStub(channel)
            .connect(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerFrame frame) {
                    names.add(frame.getWelcome().getRouter());
                  }

                  @Override
                  public void onError(Throwable t) {
                    failure.complete(t);
                    names.add(END);
                  }

                  @Override
                  public void onCompleted() {
                    failure.complete(new AssertionError("ended without an error"));
                    names.add(END);
                  }
                });
  }

  /** A stream that such a router holds, as soon as the edge sends one there. */
  static TestStream on(Channel channel, Predicate<String> router) {
    return await()
        .ignoreExceptions()
        .until(
            () -> {
              TestStream stream = new TestStream(channel);
              if (stream.isOpen() && router.test(stream.ask())) {
                return stream;
              }
              stream.end();
              return null;
            },
            found -> found != null);
  }

  /** The name of the router that holds the stream. */
  String ask() throws InterruptedException {
    out.onNext(ClientFrame.newBuilder().setCredit(Credit.getDefaultInstance()).build());
    String name = names.poll(10, TimeUnit.SECONDS);
    if (name == null || name.equals(END)) {
      throw new AssertionError("no answer: " + failure.getNow(null));
    }
    return name;
  }

  /** How the stream ended. */
  Throwable failure() throws Exception {
    return failure.get(10, TimeUnit.SECONDS);
  }

  boolean isOpen() {
    return !failure.isDone();
  }

  void end() {
    out.onCompleted();
  }
}
