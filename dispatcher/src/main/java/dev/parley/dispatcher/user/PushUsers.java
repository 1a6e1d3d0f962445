package dev.parley.dispatcher.user;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.chassis.errors.Errors;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.Table;
import dev.parley.internal.v1.PushUser;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.PushDevice;
import dev.parley.v1.PushTarget;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Users' devices and preferences: a table that every dispatcher has in memory, some 300 bytes a user with one device.
 *
 * <p>A phone belongs to whoever registered it last: the same target under another user is taken from that one, so that
 * nobody's messages appear on a phone that has changed hands. Thread-safe.
 */
public final class PushUsers {
  /** Devices of one user. */
  public static final int MAX_DEVICES = 20;

  /** Conversations for which one user has preferences. */
  public static final int MAX_CONVERSATIONS = 1_000;

  private static final int TRIES = 10;

  private final Table table;
  private final Map<String, Versioned> byUser = new ConcurrentHashMap<>();
  private final Map<PushTarget, String> owners = new ConcurrentHashMap<>();

  private record Versioned(PushUser user, long revision) {}

  /** Users kept in this table. */
  public PushUsers(Table table) {
    this.table = table;
  }

  /** Completed when all users are known. */
  public CompletableFuture<Void> load() {
    return table.watch(this::learn);
  }

  private void learn(String userId, Table.Entry entry) {
    PushUser user = parse(entry);
    byUser.compute(
        userId,
        (id, known) -> {
          if (known != null && known.revision >= entry.revision()) {
            return known;
          }
          if (known != null) {
            known.user.getDevicesList().forEach(device -> owners.remove(device.getTarget(), userId));
          }
          user.getDevicesList().forEach(device -> owners.put(device.getTarget(), userId));
          return new Versioned(user, entry.revision());
        });
  }

  /** What is known of a user; nothing: the default instance. */
  public PushUser of(String userId) {
    Versioned known = byUser.get(userId);
    return known == null ? PushUser.getDefaultInstance() : known.user;
  }

  /** Registers a device, in the place of the one with its id. Fails with LIMIT_EXCEEDED above {@link #MAX_DEVICES}. */
  public CompletableFuture<PushUser> register(String userId, PushDevice device) {
    String before = owners.get(device.getTarget());
    CompletableFuture<?> free =
        before == null || before.equals(userId)
            ? CompletableFuture.completedFuture(null)
            : change(before, user -> without(user, other -> other.getTarget().equals(device.getTarget())));
    return free.thenCompose(
        done ->
            change(
                userId,
                user -> {
                  PushUser changed =
                      without(
                              user,
                              other ->
                                  other.getDeviceId().equals(device.getDeviceId())
                                      || other.getTarget().equals(device.getTarget()))
                          .toBuilder()
                          .addDevices(device)
                          .build();
                  if (changed.getDevicesCount() > MAX_DEVICES) {
                    throw limit("push devices", MAX_DEVICES);
                  }
                  return changed;
                }));
  }

  /** Removes a device. */
  public CompletableFuture<PushUser> remove(String userId, String deviceId) {
    return change(userId, user -> without(user, device -> device.getDeviceId().equals(deviceId)));
  }

  /** Removes a device if it still has this target: the provider says that nobody is there. */
  public CompletableFuture<PushUser> gone(String userId, String deviceId, PushTarget target) {
    return change(
        userId,
        user ->
            without(user, device -> device.getDeviceId().equals(deviceId) && device.getTarget().equals(target)));
  }

  private static PushUser without(PushUser user, Predicate<PushDevice> which) {
    PushUser.Builder changed = user.toBuilder().clearDevices();
    user.getDevicesList().stream().filter(which.negate()).forEach(changed::addDevices);
    return changed.build();
  }

  /** A refusal that names a limit. */
  public static RuntimeException limit(String what, int limit) {
    return Errors.status(
        ErrorReason.ERROR_REASON_LIMIT_EXCEEDED,
        "at most " + limit + " " + what + " a user: remove one first",
        Map.of("limit", Integer.toString(limit)));
  }

  /**
   * Changes what is stored of a user; in force here when the future completes.
   *
   * @param change may throw to refuse; what it leaves as it is is not written
   */
  public CompletableFuture<PushUser> change(String userId, UnaryOperator<PushUser> change) {
    return change(userId, change, TRIES);
  }

  private CompletableFuture<PushUser> change(String userId, UnaryOperator<PushUser> change, int tries) {
    return table
        .get(userId)
        .thenCompose(entry -> put(userId, entry, change))
        .exceptionallyCompose(
            failure -> {
              boolean lostRace =
                  failure.getCause() instanceof LogException log && log.kind() == LogException.Kind.CONFLICT;
              return lostRace && tries > 1
                  ? change(userId, change, tries - 1)
                  : CompletableFuture.failedFuture(failure);
            });
  }

  private CompletableFuture<PushUser> put(
      String userId, Table.@Nullable Entry entry, UnaryOperator<PushUser> change) {
    PushUser before = entry == null ? PushUser.getDefaultInstance() : parse(entry);
    PushUser after = change.apply(before);
    if (after.equals(before)) {
      return CompletableFuture.completedFuture(after);
    }
    byte[] value = after.toByteArray();
    return table
        .put(userId, value, entry == null ? 0 : entry.revision())
        .thenApply(
            revision -> {
              learn(userId, new Table.Entry(value, revision));
              return after;
            });
  }

  private static PushUser parse(Table.Entry entry) {
    try {
      return PushUser.parseFrom(entry.value());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a user's push devices are not readable", e);
    }
  }
}
