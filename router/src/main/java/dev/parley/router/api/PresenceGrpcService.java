package dev.parley.router.api;

import dev.parley.chassis.auth.Identity;
import dev.parley.chassis.auth.Revocations;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.log.Wakes;
import dev.parley.internal.v1.SettingsChanged;
import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.Told;
import dev.parley.internal.v1.VersionedSettings;
import dev.parley.internal.v1.WakeNotice;
import dev.parley.router.presence.PresenceViews;
import dev.parley.router.presence.Subjects;
import dev.parley.router.session.Allowances.Kind;
import dev.parley.router.session.Sessions;
import dev.parley.router.user.PresenceSettingsTable;
import dev.parley.v1.GetPresenceRequest;
import dev.parley.v1.GetPresenceResponse;
import dev.parley.v1.GetPresenceSettingsRequest;
import dev.parley.v1.GetPresenceSettingsResponse;
import dev.parley.v1.GetRoomRequest;
import dev.parley.v1.GetRoomResponse;
import dev.parley.v1.PresenceServiceGrpc;
import dev.parley.v1.SetPresenceSettingsRequest;
import dev.parley.v1.SetPresenceSettingsResponse;
import dev.parley.v1.UserWatch;
import dev.parley.v1.WatchPresenceRequest;
import dev.parley.v1.WatchPresenceResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** PresenceService on the wire. Thread-safe. */
public final class PresenceGrpcService extends PresenceServiceGrpc.PresenceServiceImplBase {
  private final PresenceAccess access;
  private final Sessions sessions;
  private final Calls calls;
  private final PresenceSettingsTable settings;
  private final Wakes wakes;
  private final Revocations revocations;
  /** How many WatchPresence calls each user has open. */
  private final Map<String, Integer> streams = new ConcurrentHashMap<>();

  /** A service over these parts. {@code wakes}: tells other routers of changed settings. */
  public PresenceGrpcService(
      Shards shards,
      Sessions sessions,
      Calls calls,
      PresenceSettingsTable settings,
      Wakes wakes,
      Revocations revocations) {
    this.access = new PresenceAccess(shards, calls);
    this.sessions = sessions;
    this.calls = calls;
    this.settings = settings;
    this.wakes = wakes;
    this.revocations = revocations;
  }

  @Override
  public void getPresence(GetPresenceRequest request, StreamObserver<GetPresenceResponse> response) {
    calls.read(
        response,
        userId ->
            see(
                userId,
                request.getUsersList(),
                List.of(),
                told -> {
                  GetPresenceResponse.Builder answer = GetPresenceResponse.newBuilder();
                  told.forEach(one -> answer.addUsers(PresenceViews.presence(one, userId, sessions.hasBlocked())));
                  return answer.build();
                }));
  }

  @Override
  public void getRoom(GetRoomRequest request, StreamObserver<GetRoomResponse> response) {
    calls.read(
        response,
        userId ->
            see(
                userId,
                List.of(),
                List.of(request.getConversationId()),
                told ->
                    GetRoomResponse.newBuilder()
                        .setRoom(PresenceViews.room(told.getFirst(), userId, sessions.hasBlocked()))
                        .build()));
  }

  private <R> CompletableFuture<R> see(
      String userId, List<UserWatch> users, List<String> rooms, Function<List<Told>, R> answer) {
    return access
        .check(userId, users, rooms)
        .thenCompose(may -> sessions.presence().read(subjects(users, rooms)))
        .thenApply(answer);
  }

  private static List<Subject> subjects(List<UserWatch> users, List<String> rooms) {
    List<Subject> subjects = new ArrayList<>(users.size() + rooms.size());
    users.forEach(watch -> subjects.add(Subjects.user(watch.getUserId())));
    rooms.forEach(room -> subjects.add(Subjects.room(room)));
    return subjects;
  }

  @Override
  public void watchPresence(WatchPresenceRequest request, StreamObserver<WatchPresenceResponse> response) {
    Identity caller = calls.caller();
    int most = sessions.limits().devicesPerUser();
    if (streams.merge(caller.userId(), 1, Integer::sum) > most) {
      streamEnded(caller.userId());
      response.onError(Calls.status(Refusal.limitExceeded("WatchPresence calls of one user", most)));
      return;
    }
    List<Subject> subjects = subjects(request.getUsersList(), request.getConversationIdsList());
    var stream =
        new PresenceStream(
            caller,
            subjects,
            sessions,
            () -> access.check(caller.userId(), request.getUsersList(), request.getConversationIdsList()),
            () -> streamEnded(caller.userId()),
            (ServerCallStreamObserver<WatchPresenceResponse>) response);
    // The token was checked when the call began: the request may have come later.
    stream.revoked(caller.userId(), revocations.issuedBefore(caller.userId()));
    stream.open();
  }

  private void streamEnded(String userId) {
    streams.computeIfPresent(userId, (id, count) -> count == 1 ? null : count - 1);
  }

  @Override
  public void getPresenceSettings(
      GetPresenceSettingsRequest request, StreamObserver<GetPresenceSettingsResponse> response) {
    calls.read(
        response,
        userId ->
            settings
                .of(userId)
                .thenApply(own -> GetPresenceSettingsResponse.newBuilder().setSettings(own.getSettings()).build()));
  }

  @Override
  public void setPresenceSettings(
      SetPresenceSettingsRequest request, StreamObserver<SetPresenceSettingsResponse> response) {
    String userId = calls.caller().userId();
    Calls.answer(
        calls
            .within(Kind.COMMAND, userId, () -> settings.set(userId, request.getSettings()))
            .thenApply(
                changed -> {
                  tell(userId);
                  sessions.presence().remember(userId, changed);
                  return response(changed);
                }),
        response);
  }

  /** The routers that hold sessions of the user, this one perhaps among them, read the settings again. */
  private void tell(String userId) {
    wakes.wake(
        userId,
        WakeNotice.newBuilder()
            .setPresenceSettingsChanged(SettingsChanged.getDefaultInstance())
            .build()
            .toByteArray());
  }

  private static SetPresenceSettingsResponse response(VersionedSettings changed) {
    return SetPresenceSettingsResponse.newBuilder().setSettings(changed.getSettings()).build();
  }
}
