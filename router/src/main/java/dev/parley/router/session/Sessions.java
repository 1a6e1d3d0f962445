package dev.parley.router.session;

import dev.parley.chassis.auth.Identity;
import dev.parley.chassis.auth.TokenException;
import dev.parley.chassis.errors.Validation;
import dev.parley.conversation.ConversationIds;
import dev.parley.router.presence.PresenceLink;
import dev.parley.router.shadow.Shadow;
import dev.parley.router.shard.ShardHost;
import dev.parley.v1.Durability;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiPredicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * All sessions of this router, and what they share.
 *
 * @param router its name
 * @param verifier checks a token and says whose it is
 * @param hasBlocked whether the first user has blocked the second one
 * @param shadow compares what some of them were sent with the log
 * @param open how many there are
 * @param draining no new ones are taken
 * @param durability how safe a stored event is, as the broker says now
 * @param metrics what happens is told here
 */
public record Sessions(
    String router,
    SessionLimits limits,
    List<SessionHub> hubs,
    List<ShardHost> shards,
    TokenCheck verifier,
    Validation validation,
    Allowances allowances,
    Devices devices,
    Acknowledged acknowledged,
    BiPredicate<String, String> hasBlocked,
    PresenceLink presence,
    Shadow shadow,
    AtomicInteger open,
    AtomicBoolean draining,
    Supplier<Durability> durability,
    InstantSource clock,
    SessionMetrics metrics) {
  /** Checks a token and says whose it is. Thread-safe. */
  public interface TokenCheck {
    /** Throws a TokenException that says what is wrong with it. */
    Identity verify(String token) throws TokenException;
  }

  /** The sessions of a router that has none yet; {@code open} counts them. */
  public static Sessions of(
      String router,
      SessionLimits limits,
      List<SessionHub> hubs,
      List<ShardHost> shards,
      TokenCheck verifier,
      Validation validation,
      Allowances allowances,
      BiPredicate<String, String> hasBlocked,
      PresenceLink presence,
      Shadow shadow,
      AtomicInteger open,
      Supplier<Durability> durability,
      InstantSource clock,
      SessionMetrics metrics) {
    return new Sessions(
        router,
        limits,
        hubs,
        shards,
        verifier,
        validation,
        allowances,
        new Devices(limits.devicesPerUser()),
        new Acknowledged(),
        hasBlocked,
        presence,
        shadow,
        open,
        new AtomicBoolean(),
        durability,
        clock,
        metrics);
  }

  /** The owner of a conversation. */
  ShardHost shardOf(String conversationId) {
    return shards.get(ConversationIds.shardOf(conversationId, shards.size()));
  }

  /** The hub of the loop that this is called on. */
  public SessionHub hub() {
    for (SessionHub hub : hubs) {
      if (hub.loop().inLoop()) {
        return hub;
      }
    }
    throw new IllegalStateException("a stream must be handled on its event loop");
  }

  /** Asks all clients to go elsewhere, within {@code spread}. */
  public void reconnectAll(Duration spread) {
    draining.set(true);
    RandomGenerator random = RandomGenerator.getDefault();
    hubs.forEach(hub -> hub.execute(() -> hub.reconnectAll(spread, random)));
  }

  /** Notices may have been lost: every session looks again which conversations its user has. */
  public void listAgain() {
    RandomGenerator random = RandomGenerator.getDefault();
    hubs.forEach(hub -> hub.execute(() -> hub.listAgain(random)));
  }

  /** How many there are. */
  public int count() {
    return open.get();
  }

  /** Ends the sessions that are still there; completed when they were told. */
  public CompletableFuture<Void> endAll() {
    return CompletableFuture.allOf(
        hubs.stream().map(hub -> CompletableFuture.runAsync(hub::endAll, hub.loop())).toArray(CompletableFuture[]::new));
  }
}
