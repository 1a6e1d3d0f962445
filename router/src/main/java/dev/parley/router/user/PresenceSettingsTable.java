package dev.parley.router.user;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.log.Table;
import dev.parley.internal.v1.VersionedSettings;
import dev.parley.v1.PresenceSettings;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What users let others see of their presence. Kept by the broker: presence itself may forget everything, and must not
 * show one who is invisible. Thread-safe.
 */
public final class PresenceSettingsTable {
  private final Table table;

  /** Settings kept in this table. */
  public PresenceSettingsTable(Table table) {
    this.table = table;
  }

  /** A user's; all defaults, with revision 0, when the user has never set any. */
  public CompletableFuture<VersionedSettings> of(String userId) {
    return table.get(userId).thenApply(PresenceSettingsTable::parse);
  }

  /** Replaces a user's. Fails with CONFLICT when another device of the user has done so at the same time. */
  public CompletableFuture<VersionedSettings> set(String userId, PresenceSettings settings) {
    return table
        .get(userId)
        .thenCompose(entry -> table.put(userId, settings.toByteArray(), entry == null ? 0 : entry.revision()))
        .thenApply(revision -> VersionedSettings.newBuilder().setSettings(settings).setRevision(revision).build());
  }

  private static VersionedSettings parse(Table.@Nullable Entry entry) {
    if (entry == null) {
      return VersionedSettings.getDefaultInstance();
    }
    try {
      return VersionedSettings.newBuilder()
          .setSettings(PresenceSettings.parseFrom(entry.value()))
          .setRevision(entry.revision())
          .build();
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("presence settings are not readable", e);
    }
  }
}
