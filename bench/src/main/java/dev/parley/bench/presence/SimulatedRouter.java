package dev.parley.bench.presence;

import dev.parley.internal.v1.FromPresence;
import dev.parley.internal.v1.NodeEntry;
import dev.parley.internal.v1.NodeHello;
import dev.parley.internal.v1.PresenceLinkServiceGrpc;
import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.ToPresence;
import dev.parley.internal.v1.Told;
import dev.parley.internal.v1.UserOnNode;
import dev.parley.internal.v1.VersionedSettings;
import dev.parley.v1.DevicePresence;
import dev.parley.v1.PresenceState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A router's end of a link: says which of its users are there, again when it is asked, and hands on what it is told.
 * Thread-safe.
 */
final class SimulatedRouter implements AutoCloseable {
  /** As many as one frame may carry. */
  static final int PER_FRAME = 1_000;

  private static final Metadata.Key<String> SECRET =
      Metadata.Key.of("parley-link-secret", Metadata.ASCII_STRING_MARSHALLER);
  private static final long HEARTBEAT_MILLIS = 500;
  private static final long PATIENCE_SECONDS = 60;

  private final List<String> users;
  private final ManagedChannel channel;
  private final StreamObserver<ToPresence> out;
  private final ScheduledExecutorService heart = Executors.newSingleThreadScheduledExecutor();
  private final CountDownLatch replayed = new CountDownLatch(1);
  private volatile @Nullable Throwable ended;

  /** Links to presence, and says that these users are there. {@code told}: hears what is told, on the link's thread. */
  SimulatedRouter(String address, String secret, String name, List<String> users, Consumer<Told> told)
      throws InterruptedException {
    this.users = users;
    this.channel = NettyChannelBuilder.forTarget(address).usePlaintext().directExecutor().build();
    Metadata headers = new Metadata();
    headers.put(SECRET, secret);
    this.out =
        PresenceLinkServiceGrpc.newStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
            .connect(
                new StreamObserver<>() {
                  @Override
                  public void onNext(FromPresence frame) {
                    frame.getToldList().forEach(told);
                    if (frame.hasReplay()) {
                      long generation = frame.getReplay().getGeneration();
                      heart.execute(() -> replay(generation));
                    }
                  }

                  @Override
                  public void onError(Throwable failure) {
                    ended = failure;
                  }

                  @Override
                  public void onCompleted() {
                    ended = new IllegalStateException("presence ended the link");
                  }
                });
    say(
        ToPresence.newBuilder()
            .setHello(NodeHello.newBuilder().setNode(name).setIncarnation(System.nanoTime()))
            .build());
    heart.scheduleAtFixedRate(
        () -> say(ToPresence.getDefaultInstance()), HEARTBEAT_MILLIS, HEARTBEAT_MILLIS, TimeUnit.MILLISECONDS);
    if (!replayed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("presence did not ask for what is so; is its store there? " + ended);
    }
  }

  private void replay(long generation) {
    for (int from = 0; from < users.size(); from += PER_FRAME) {
      ToPresence.Builder frame = ToPresence.newBuilder();
      users.subList(from, Math.min(users.size(), from + PER_FRAME)).forEach(user -> frame.addEntries(entry(user, "phone")));
      say(frame.build());
    }
    say(ToPresence.newBuilder().setReplayed(generation).build());
    replayed.countDown();
  }

  /** A user is there with this device. */
  static NodeEntry entry(String user, String device) {
    return NodeEntry.newBuilder()
        .setSubject(subject(user))
        .setUser(
            UserOnNode.newBuilder()
                .setSettings(VersionedSettings.getDefaultInstance())
                .addDevices(
                    DevicePresence.newBuilder().setDeviceId(device).setState(PresenceState.PRESENCE_STATE_ONLINE)))
        .build();
  }

  static Subject subject(String user) {
    return Subject.newBuilder().setUserId(user).build();
  }

  /** Watches these users. */
  void watch(List<String> watched) {
    for (int from = 0; from < watched.size(); from += PER_FRAME) {
      List<Subject> subjects = new ArrayList<>();
      watched.subList(from, Math.min(watched.size(), from + PER_FRAME)).forEach(user -> subjects.add(subject(user)));
      say(ToPresence.newBuilder().addAllWatch(subjects).build());
    }
  }

  /** Sends a frame. */
  synchronized void say(ToPresence frame) {
    Throwable why = ended;
    if (why != null) {
      throw new IllegalStateException("the link to presence has ended", why);
    }
    out.onNext(frame);
  }

  /** Ends it as the death of a router would. */
  @Override
  public void close() {
    heart.shutdownNow();
    channel.shutdownNow();
  }
}
