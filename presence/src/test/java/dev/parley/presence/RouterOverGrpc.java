package dev.parley.presence;

import static org.awaitility.Awaitility.await;

import dev.parley.chassis.server.LinkSecret;
import dev.parley.internal.v1.FromPresence;
import dev.parley.internal.v1.NodeEntry;
import dev.parley.internal.v1.NodeHello;
import dev.parley.internal.v1.PresenceLinkServiceGrpc;
import dev.parley.internal.v1.ToPresence;
import dev.parley.internal.v1.Told;
import dev.parley.internal.v1.UserOnNode;
import dev.parley.presence.store.SubjectKey;
import dev.parley.v1.DevicePresence;
import dev.parley.v1.PresenceState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A router's end of a link, over gRPC: it says what it is told to, again when it is asked, and keeps what it hears. */
final class RouterOverGrpc implements AutoCloseable {
  final List<Told> told = new CopyOnWriteArrayList<>();
  final List<Boolean> available = new CopyOnWriteArrayList<>();
  final List<Long> replays = new CopyOnWriteArrayList<>();
  private final Map<SubjectKey, NodeEntry> said = new ConcurrentHashMap<>();
  private final ManagedChannel channel;
  private final StreamObserver<ToPresence> out;
  private final ScheduledExecutorService heart = Executors.newSingleThreadScheduledExecutor();
  private volatile @Nullable Status ended;

  RouterOverGrpc(String address, @Nullable String secret) {
    this.channel = NettyChannelBuilder.forTarget(address).usePlaintext().directExecutor().build();
    this.out =
        PresenceLinkServiceGrpc.newStub(channel)
            .withInterceptors(new LinkSecret(secret).shown())
            .connect(
                new StreamObserver<>() {
                  @Override
                  public void onNext(FromPresence frame) {
                    heard(frame);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    ended = Status.fromThrowable(failure);
                  }

                  @Override
                  public void onCompleted() {
                    ended = Status.OK;
                  }
                });
  }

  /** A router that is linked and whose heart beats. */
  static RouterOverGrpc linked(String address, @Nullable String secret, String name) {
    RouterOverGrpc router = new RouterOverGrpc(address, secret);
    router.say(hello(name));
    router.beat();
    await().until(() -> !router.available.isEmpty() || router.ended != null);
    return router;
  }

  static ToPresence hello(String name) {
    return ToPresence.newBuilder().setHello(NodeHello.newBuilder().setNode(name).setIncarnation(name.hashCode())).build();
  }

  void beat() {
    var unused =
        heart.scheduleAtFixedRate(() -> say(ToPresence.getDefaultInstance()), 100, 100, TimeUnit.MILLISECONDS);
  }

  /** It says nothing any more, and its stream stays open. */
  void fallSilent() {
    heart.shutdownNow();
  }

  synchronized void say(ToPresence frame) {
    if (ended == null) {
      out.onNext(frame);
    }
  }

  private void heard(FromPresence frame) {
    if (frame.hasAvailable()) {
      available.add(frame.getAvailable());
    }
    told.addAll(frame.getToldList());
    if (frame.hasReplay()) {
      say(
          ToPresence.newBuilder()
              .addAllEntries(said.values())
              .setReplayed(frame.getReplay().getGeneration())
              .build());
      replays.add(frame.getReplay().getGeneration());
    }
  }

  void device(String user, String device) {
    say(
        SubjectKey.user(user),
        NodeEntry.newBuilder()
            .setUser(
                UserOnNode.newBuilder()
                    .addDevices(
                        DevicePresence.newBuilder()
                            .setDeviceId(device)
                            .setState(PresenceState.PRESENCE_STATE_ONLINE))));
  }

  void gone(String user) {
    say(SubjectKey.user(user), NodeEntry.newBuilder());
  }

  private void say(SubjectKey subject, NodeEntry.Builder value) {
    NodeEntry entry = value.setSubject(subject.toSubject()).build();
    said.put(subject, entry);
    say(ToPresence.newBuilder().addEntries(entry).build());
  }

  void watch(String user) {
    say(ToPresence.newBuilder().addWatch(SubjectKey.user(user).toSubject()).build());
  }

  /** What was told of this user last: device ids; null: nothing, or that it is not known. */
  @Nullable List<String> devices(String user) {
    Told last = null;
    for (Told one : told) {
      if (one.getSubject().getUserId().equals(user)) {
        last = one;
      }
    }
    return last == null || !last.hasUser()
        ? null
        : last.getUser().getDevicesList().stream().map(DevicePresence::getDeviceId).toList();
  }

  /** Whether this user was ever told as offline. */
  boolean heardOffline(String user) {
    return told.stream()
        .anyMatch(
            one -> one.getSubject().getUserId().equals(user) && one.hasUser() && one.getUser().getDevicesCount() == 0);
  }

  boolean isAvailable() {
    return ended == null && available.getLast();
  }

  @Nullable Status ended() {
    return ended;
  }

  /** The stream ends in order. */
  synchronized void leave() {
    heart.shutdownNow();
    out.onCompleted();
  }

  @Override
  public void close() {
    heart.shutdownNow();
    channel.shutdownNow();
  }
}
