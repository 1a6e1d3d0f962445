package dev.parley.dispatcher.api;

import dev.parley.chassis.auth.Identities;
import dev.parley.chassis.errors.Errors;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.LogException;
import dev.parley.dispatcher.shard.Dispatcher;
import dev.parley.dispatcher.user.PushRules;
import dev.parley.dispatcher.user.PushUsers;
import dev.parley.internal.v1.PushUser;
import dev.parley.v1.ConversationPushPreferences;
import dev.parley.v1.DeadLetter;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.GetDeadLetterRequest;
import dev.parley.v1.GetDeadLetterResponse;
import dev.parley.v1.GetPushPreferencesRequest;
import dev.parley.v1.GetPushPreferencesResponse;
import dev.parley.v1.ListDeadLettersRequest;
import dev.parley.v1.ListDeadLettersResponse;
import dev.parley.v1.ListPushDevicesRequest;
import dev.parley.v1.ListPushDevicesResponse;
import dev.parley.v1.PushDevice;
import dev.parley.v1.PushPreferences;
import dev.parley.v1.PushServiceGrpc;
import dev.parley.v1.RedriveDeadLettersRequest;
import dev.parley.v1.RedriveDeadLettersResponse;
import dev.parley.v1.RegisterPushDeviceRequest;
import dev.parley.v1.RegisterPushDeviceResponse;
import dev.parley.v1.RemovePushDeviceRequest;
import dev.parley.v1.RemovePushDeviceResponse;
import dev.parley.v1.SetConversationPushPreferencesRequest;
import dev.parley.v1.SetConversationPushPreferencesResponse;
import dev.parley.v1.SetPushPreferencesRequest;
import dev.parley.v1.SetPushPreferencesResponse;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Devices and preferences of users, and dead letters for operators. Thread-safe. */
public final class PushGrpcService extends PushServiceGrpc.PushServiceImplBase {
  private static final int PAGE = 100;
  private static final Duration RETRY = Duration.ofSeconds(1);

  private final PushUsers users;
  private final Dispatcher dispatcher;
  private final InstantSource clock;

  /** A service over these. */
  public PushGrpcService(PushUsers users, Dispatcher dispatcher, InstantSource clock) {
    this.users = users;
    this.dispatcher = dispatcher;
    this.clock = clock;
  }

  @Override
  public void registerPushDevice(
      RegisterPushDeviceRequest request, StreamObserver<RegisterPushDeviceResponse> response) {
    PushDevice device = request.getDevice().toBuilder().setRegisterTime(Timestamps.of(clock.instant())).build();
    answer(
        users
            .register(Identities.current().userId(), device)
            .thenApply(user -> RegisterPushDeviceResponse.newBuilder().setDevice(device).build()),
        response);
  }

  @Override
  public void listPushDevices(ListPushDevicesRequest request, StreamObserver<ListPushDevicesResponse> response) {
    PushUser user = users.of(Identities.current().userId());
    answer(
        CompletableFuture.completedFuture(
            ListPushDevicesResponse.newBuilder().addAllDevices(user.getDevicesList()).build()),
        response);
  }

  @Override
  public void removePushDevice(RemovePushDeviceRequest request, StreamObserver<RemovePushDeviceResponse> response) {
    answer(
        users
            .remove(Identities.current().userId(), request.getDeviceId())
            .thenApply(user -> RemovePushDeviceResponse.getDefaultInstance()),
        response);
  }

  @Override
  public void getPushPreferences(
      GetPushPreferencesRequest request, StreamObserver<GetPushPreferencesResponse> response) {
    PushUser user = users.of(Identities.current().userId());
    answer(
        CompletableFuture.completedFuture(
            GetPushPreferencesResponse.newBuilder()
                .setPreferences(user.getPreferences())
                .addAllConversations(user.getConversationsList())
                .build()),
        response);
  }

  @Override
  public void setPushPreferences(
      SetPushPreferencesRequest request, StreamObserver<SetPushPreferencesResponse> response) {
    PushPreferences preferences = request.getPreferences();
    String zone = preferences.getQuietHours().getTimeZone();
    if (preferences.hasQuietHours() && !PushRules.isZone(zone)) {
      throw Errors.status(
          ErrorReason.ERROR_REASON_INVALID_FIELD,
          "there is no time zone of this name: write it as in the IANA database, Europe/Berlin",
          Map.of("field", "preferences.quiet_hours.time_zone"));
    }
    answer(
        users
            .change(Identities.current().userId(), user -> user.toBuilder().setPreferences(preferences).build())
            .thenApply(user -> SetPushPreferencesResponse.newBuilder().setPreferences(user.getPreferences()).build()),
        response);
  }

  @Override
  public void setConversationPushPreferences(
      SetConversationPushPreferencesRequest request,
      StreamObserver<SetConversationPushPreferencesResponse> response) {
    ConversationPushPreferences preferences = request.getPreferences();
    answer(
        users
            .change(Identities.current().userId(), user -> with(user, preferences))
            .thenApply(
                user -> SetConversationPushPreferencesResponse.newBuilder().setPreferences(preferences).build()),
        response);
  }

  /** What says nothing is not kept. */
  private static PushUser with(PushUser user, ConversationPushPreferences preferences) {
    PushUser.Builder changed = user.toBuilder().clearConversations();
    user.getConversationsList().stream()
        .filter(one -> !one.getConversationId().equals(preferences.getConversationId()))
        .forEach(changed::addConversations);
    if (preferences.hasMuteUntil() || preferences.getMentionsOnly()) {
      changed.addConversations(preferences);
    }
    if (changed.getConversationsCount() > PushUsers.MAX_CONVERSATIONS) {
      throw PushUsers.limit("conversations with push preferences", PushUsers.MAX_CONVERSATIONS);
    }
    return changed.build();
  }

  @Override
  public void listDeadLetters(ListDeadLettersRequest request, StreamObserver<ListDeadLettersResponse> response) {
    int size = request.getPageSize() == 0 ? PAGE : request.getPageSize();
    answer(dispatcher.deadLetters().thenApply(all -> page(all, request, size)), response);
  }

  /** Pages go on behind the dead letter that their token names, or begin again when it is not there any more. */
  private static ListDeadLettersResponse page(List<DeadLetter> all, ListDeadLettersRequest request, int size) {
    List<DeadLetter> matching =
        all.stream().filter(one -> request.getUserId().isEmpty() || one.getUserId().equals(request.getUserId())).toList();
    int start = 0;
    for (int i = 0; i < matching.size(); i++) {
      if (matching.get(i).getDeadLetterId().equals(request.getPageToken())) {
        start = i + 1;
      }
    }
    int end = Math.min(matching.size(), start + size);
    ListDeadLettersResponse.Builder page =
        ListDeadLettersResponse.newBuilder().addAllDeadLetters(matching.subList(start, end));
    if (end < matching.size()) {
      page.setNextPageToken(matching.get(end - 1).getDeadLetterId());
    }
    return page.build();
  }

  @Override
  public void getDeadLetter(GetDeadLetterRequest request, StreamObserver<GetDeadLetterResponse> response) {
    answer(
        dispatcher
            .deadLetters()
            .thenApply(
                all ->
                    all.stream()
                        .filter(one -> one.getDeadLetterId().equals(request.getDeadLetterId()))
                        .findAny()
                        .map(one -> GetDeadLetterResponse.newBuilder().setDeadLetter(one).build())
                        .orElseThrow(
                            () -> Errors.status(ErrorReason.ERROR_REASON_NOT_FOUND, "there is no such dead letter"))),
        response);
  }

  @Override
  public void redriveDeadLetters(
      RedriveDeadLettersRequest request, StreamObserver<RedriveDeadLettersResponse> response) {
    answer(
        dispatcher
            .redrive(request.getDeadLetterIdsList())
            .thenApply(count -> RedriveDeadLettersResponse.newBuilder().setRedriven(count).build()),
        response);
  }

  private static <R> void answer(CompletableFuture<R> answer, StreamObserver<R> response) {
    answer.whenComplete(
        (value, failure) -> {
          if (failure == null) {
            response.onNext(value);
            response.onCompleted();
          } else {
            response.onError(status(failure));
          }
        });
  }

  private static Throwable status(Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    if (cause instanceof LogException) {
      return Errors.status(
          ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE,
          "the broker does not answer: nothing may have been changed; try again",
          Map.of(),
          RETRY);
    }
    return cause;
  }
}
