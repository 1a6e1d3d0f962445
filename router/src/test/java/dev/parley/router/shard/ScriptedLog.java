package dev.parley.router.shard;

import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.ShardLog;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One router's way to a log in memory. Appends and reads meet the fates that a test prepares; without one they succeed
 * at once.
 */
final class ScriptedLog implements ShardLog {
  ShardLog stored;
  /** Appends that were sent and wait for {@link Append#now} or another fate. */
  final ArrayDeque<Append> held = new ArrayDeque<>();
  /** The fates of the next appends of conversations. */
  final ArrayDeque<Fate> fates = new ArrayDeque<>();
  /** The fates of the next fillers. */
  final ArrayDeque<Fate> fillerFates = new ArrayDeque<>();
  /** The fates of the next Owner records. */
  final ArrayDeque<Fate> ownerFates = new ArrayDeque<>();
  /** Appends of conversations are held. */
  boolean holding;
  /** None of the appends is stored, and this becomes of each; null: they are. */
  @Nullable Kind failing;
  /** Fillers are held. */
  boolean holdingFillers;
  /** So many requests for the tail get no answer. */
  int silentTails;
  /** So many reads see nothing. */
  int staleReads;
  int reads;
  /** So often the last record of a conversation was looked for, with which loading it begins. */
  int lasts;
  int fillers;
  /** The records of conversations that were sent. */
  final List<byte[]> appended = new ArrayList<>();

  /** What becomes of an append. */
  interface Fate {
    void of(Append append);
  }

  ScriptedLog(ShardLog stored) {
    this.stored = stored;
  }

  /** An append that has been sent. */
  final class Append {
    final String key;
    final byte[] bytes;
    final long expected;
    final CompletableFuture<Long> ack = new CompletableFuture<>();

    Append(String key, byte[] bytes, long expected) {
      this.key = key;
      this.bytes = bytes;
      this.expected = expected;
    }

    /** Stored and acknowledged, or refused by its position. */
    void now() {
      stored
          .append(key, bytes, expected)
          .whenComplete(
              (position, failure) -> {
                if (failure == null) {
                  ack.complete(position);
                } else {
                  ack.completeExceptionally(failure);
                }
              });
    }

    /** Stored, though nobody hears of it. */
    void ackLost() {
      stored.append(key, bytes, expected).join();
      failed(Kind.UNKNOWN);
    }

    void failed(Kind kind) {
      ack.completeExceptionally(new LogException(kind, "as the test says"));
    }
  }

  Append takeHeld() {
    return held.removeFirst();
  }

  /** What is held arrives, in the order in which it was sent. */
  void arrive() {
    holding = false;
    holdingFillers = false;
    while (!held.isEmpty()) {
      takeHeld().now();
    }
  }

  @Override
  public CompletableFuture<Long> append(String key, byte[] record, long expectedLast) {
    Append append = new Append(key, record, expectedLast);
    boolean owner = key.equals(OWNER_KEY);
    boolean filler = key.equals(FILLER_KEY);
    if (filler) {
      fillers++;
    } else if (!owner) {
      appended.add(record);
    }
    Fate fate = (owner ? ownerFates : filler ? fillerFates : fates).pollFirst();
    if (failing != null) {
      append.failed(failing);
    } else if (fate != null) {
      fate.of(append);
    } else if (filler ? holdingFillers : holding && !owner) {
      held.addLast(append);
    } else {
      append.now();
    }
    return append.ack;
  }

  @Override
  public CompletableFuture<Tail> tail() {
    if (silentTails > 0) {
      silentTails--;
      return new CompletableFuture<>();
    }
    return stored.tail();
  }

  @Override
  public CompletableFuture<@Nullable StoredRecord> last(String key) {
    lasts++;
    return stored.last(key);
  }

  @Override
  public CompletableFuture<@Nullable StoredRecord> lastUpTo(String key, long position) {
    return stored.lastUpTo(key, position);
  }

  @Override
  public CompletableFuture<List<@Nullable StoredRecord>> read(long[] positions) {
    reads++;
    if (staleReads > 0) {
      staleReads--;
      return CompletableFuture.completedFuture(new ArrayList<>(Collections.nCopies(positions.length, null)));
    }
    return stored.read(positions);
  }

  @Override
  public CompletableFuture<Void> replace(long position, byte[] cut) {
    return stored.replace(position, cut);
  }

  @Override
  public CompletableFuture<Void> trim(long firstKept) {
    return stored.trim(firstKept);
  }
}
