package dev.parley.router.user;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.chassis.auth.Identity;
import dev.parley.conversation.log.Table;
import dev.parley.v1.User;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Names and pictures of users, as their newest tokens say. Thread-safe. */
public final class Profiles {
  private static final Logger LOG = LoggerFactory.getLogger(Profiles.class);
  private static final int REMEMBERED = 10_000;

  private final Table table;
  /** What was written lately, so that a user who comes often is not written each time. */
  private final Map<String, User> written =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, User> eldest) {
          return size() > REMEMBERED;
        }
      };

  /** Profiles kept in this table. */
  public Profiles(Table table) {
    this.table = table;
  }

  /** A user has come with a token. Returns at once; the profile is written behind. */
  public void seen(Identity identity) {
    User user = user(identity);
    synchronized (written) {
      if (user.equals(written.put(user.getUserId(), user))) {
        return;
      }
    }
    write(user)
        .exceptionally(
            failure -> {
              LOG.debug("a profile was not written; it is tried again when the user comes again", failure);
              synchronized (written) {
                written.remove(user.getUserId(), user);
              }
              return null;
            });
  }

  /** What a token says of its user. */
  public static User user(Identity identity) {
    User.Builder user = User.newBuilder().setUserId(identity.userId());
    if (identity.name() != null) {
      user.setName(identity.name());
    }
    if (identity.picture() != null) {
      user.setPicture(identity.picture());
    }
    return user.build();
  }

  /** Writes what is new; a token without a name does not take away the one that is known. */
  private CompletableFuture<Void> write(User user) {
    return table
        .get(user.getUserId())
        .thenCompose(
            entry -> {
              User known = parse(entry);
              User merged = known.toBuilder().mergeFrom(user).build();
              return merged.equals(known)
                  ? CompletableFuture.completedFuture(null)
                  : table
                      .put(user.getUserId(), merged.toByteArray(), entry == null ? 0 : entry.revision())
                      .thenApply(revision -> null);
            });
  }

  /** The profiles of those who have ever come, in the order asked for. */
  public CompletableFuture<List<User>> of(List<String> userIds) {
    CompletableFuture<List<User>> all = CompletableFuture.completedFuture(new ArrayList<>());
    for (String userId : userIds) {
      all =
          all.thenCombine(
              table.get(userId),
              (found, entry) -> {
                if (entry != null) {
                  found.add(parse(entry));
                }
                return found;
              });
    }
    return all;
  }

  private static User parse(Table.@Nullable Entry entry) {
    try {
      return entry == null ? User.getDefaultInstance() : User.parseFrom(entry.value());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a profile is not readable", e);
    }
  }
}
