package dev.parley.router.api;

import dev.parley.chassis.auth.Identity;
import dev.parley.conversation.Refusal;
import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.Told;
import dev.parley.router.presence.PresenceViews;
import dev.parley.router.session.Session;
import dev.parley.router.session.SessionHub;
import dev.parley.router.session.Sessions;
import dev.parley.router.session.Watcher;
import dev.parley.router.shard.ShardHost;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.PresenceUpdate;
import dev.parley.v1.WatchPresenceResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One call of WatchPresence: watches until the caller ends it, may not see something any more, or the token ends. */
final class PresenceStream implements Watcher, SessionHub.TokenHolder {
  /** How often it is asked again whether the caller may see all this: a stream has no feed that would tell. */
  private static final Duration CHECK_AGAIN = Duration.ofSeconds(30);

  private final Identity caller;
  private final List<Subject> subjects;
  private final Sessions sessions;
  private final SessionHub hub;
  private final Supplier<CompletableFuture<Void>> check;
  private final Runnable onEnd;
  private final ServerCallStreamObserver<WatchPresenceResponse> call;
  private final Set<Subject> changed = new LinkedHashSet<>();
  private final Map<Subject, Object> sent = new HashMap<>();
  private boolean toldUnknown;
  private boolean watching;
  private boolean ended;

  /** On the call's event loop. {@code onEnd}: runs once, when it is over. */
  PresenceStream(
      Identity caller,
      List<Subject> subjects,
      Sessions sessions,
      Supplier<CompletableFuture<Void>> check,
      Runnable onEnd,
      ServerCallStreamObserver<WatchPresenceResponse> call) {
    this.caller = caller;
    this.subjects = subjects.stream().distinct().toList();
    this.sessions = sessions;
    this.hub = sessions.hub();
    this.check = check;
    this.onEnd = onEnd;
    this.call = call;
    hub.opened(this);
    call.setOnCancelHandler(this::end);
  }

  /** Begins when it is granted. */
  void open() {
    if (ended) {
      return;
    }
    check.get().whenCompleteAsync(
        (may, failure) -> {
          if (failure != null) {
            fail(ShardHost.refusal(failure));
          } else if (!ended) {
            watching = true;
            subjects.forEach(subject -> hub.watch(subject, this));
            hub.loop().after(CHECK_AGAIN, this::checkAgain);
          }
        },
        hub::execute);
  }

  private void checkAgain() {
    if (ended) {
      return;
    }
    if (!caller.expires().isAfter(sessions.clock().instant())) {
      fail(Refusal.of(ErrorReason.ERROR_REASON_TOKEN_EXPIRED, "the token's time is over"));
      return;
    }
    check
        .get()
        .whenCompleteAsync(
            (may, failure) -> {
              Refusal refusal = failure == null ? null : ShardHost.refusal(failure);
              if (refusal != null && refusal.retryAfter() == null) {
                fail(refusal);
              } else {
                hub.loop().after(CHECK_AGAIN, this::checkAgain);
              }
            },
            hub::execute);
  }

  @Override
  public void revoked(String userId, Instant issuedBefore) {
    if (userId.equals(caller.userId()) && caller.issued().isBefore(issuedBefore)) {
      fail(Session.TOKEN_REVOKED);
    }
  }

  @Override
  public void changed(Subject subject) {
    changed.add(subject);
  }

  @Override
  public boolean hasNews(boolean available) {
    return !ended && (available ? toldUnknown || !changed.isEmpty() : !toldUnknown);
  }

  @Override
  public void tell(boolean available, Function<Subject, @Nullable Told> views) {
    if (ended || !call.isReady() || !hasNews(available)) {
      return;
    }
    PresenceUpdate.Builder update = PresenceUpdate.newBuilder().setUnknown(!available);
    if (available) {
      changed.forEach(subject -> add(update, views.apply(subject)));
      changed.clear();
    }
    if (toldUnknown == available || update.getUsersCount() + update.getRoomsCount() > 0) {
      call.onNext(WatchPresenceResponse.newBuilder().setUpdate(update).build());
    }
    toldUnknown = !available;
  }

  private void add(PresenceUpdate.Builder update, @Nullable Told told) {
    if (told == null) {
      return;
    }
    if (told.getSubject().hasUserId()) {
      var presence = PresenceViews.presence(told, caller.userId(), sessions.hasBlocked());
      if (!presence.equals(sent.put(told.getSubject(), presence))) {
        update.addUsers(presence);
      }
    } else {
      var room = PresenceViews.room(told, caller.userId(), sessions.hasBlocked());
      if (!room.equals(sent.put(told.getSubject(), room))) {
        update.addRooms(room);
      }
    }
  }

  @Override
  public void fault(RuntimeException why) {
    fail(Refusal.of(ErrorReason.ERROR_REASON_INTERNAL, "a fault of the server"));
  }

  private void fail(Refusal why) {
    if (!ended) {
      end();
      if (!call.isCancelled()) {
        call.onError(Calls.status(why));
      }
    }
  }

  private void end() {
    if (ended) {
      return;
    }
    ended = true;
    hub.closed(this);
    onEnd.run();
    if (watching) {
      watching = false;
      subjects.forEach(subject -> hub.unwatch(subject, this));
      hub.endedWatching(this);
    }
  }
}
