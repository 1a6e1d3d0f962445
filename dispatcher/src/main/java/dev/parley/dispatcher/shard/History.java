package dev.parley.dispatcher.shard;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.ConversationIds;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.DispatchLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.internal.v1.DispatchRecord;
import dev.parley.internal.v1.PushOutcome;
import dev.parley.internal.v1.Withdrawal;
import dev.parley.v1.DeadLetter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The dispatchers' log, folded: how far each shard is, what phones show, and the dead letters. Every dispatcher has all of
 * it, for all shards, so that any can go on with any shard, and a badge counts all conversations.
 *
 * <p>Belongs to the dispatcher's thread.
 */
public final class History {
  /** Dead letters that are kept; the oldest give way. */
  public static final int MAX_DEAD_LETTERS = 10_000;

  private static final Logger LOG = LoggerFactory.getLogger(History.class);

  private final Shard[] shards;
  private final Map<String, Map<String, Told>> byUser = new HashMap<>();
  private final LinkedHashMap<String, Dead> dead = new LinkedHashMap<>();
  private final Set<String> redriven = new LinkedHashSet<>();

  private static final class Shard {
    private long newest = DispatchLog.NONE;
    private long position = DispatchLog.UNKNOWN;
    private String dispatcher = "";
  }

  /**
   * A dead letter.
   *
   * @param outcome as it was given up
   * @param redriven it is to be tried again
   */
  record Dead(PushOutcome outcome, DeadLetter letter, boolean redriven) {}

  /** Nothing was told yet. */
  public History(int shards) {
    this.shards = new Shard[shards];
    for (int i = 0; i < shards; i++) {
      this.shards[i] = new Shard();
    }
  }

  /** Folds the next message of a shard; one that was folded already is passed over. */
  public void fold(int shard, StoredRecord stored) {
    if (stored.position() <= shards[shard].newest) {
      return;
    }
    DispatchRecord record;
    try {
      record = DispatchRecord.parseFrom(stored.bytes());
    } catch (InvalidProtocolBufferException e) {
      LOG.error("the dispatchers' message at {} is not readable", stored.position(), e);
      return;
    }
    Shard of = shards[shard];
    of.newest = stored.position();
    of.position = Math.max(of.position, record.getPosition());
    if (record.getTaken()) {
      of.dispatcher = record.getDispatcher();
    }
    record.getPushesList().forEach(outcome -> fold(outcome, record));
    record.getWithdrawalsList().forEach(this::fold);
  }

  private void fold(PushOutcome outcome, DispatchRecord record) {
    Instant time = Timestamps.toInstant(record.getTime());
    switch (outcome.getResult()) {
      case PUSH_RESULT_REDRIVEN -> {
        String id = id(outcome);
        Dead was = dead.get(id);
        if (was != null) {
          dead.put(id, new Dead(was.outcome, was.letter, true));
          redriven.add(id);
        }
      }
      case PUSH_RESULT_NOT_NEEDED -> removeDead(outcome);
      case PUSH_RESULT_DEAD -> {
        String id = id(outcome);
        told(outcome, false, time);
        removeDead(outcome);
        dead.put(id, new Dead(outcome, letter(id, outcome, record), false));
        if (dead.size() > MAX_DEAD_LETTERS) {
          DeadLetter dropped = dead.pollFirstEntry().getValue().letter;
          redriven.remove(dropped.getDeadLetterId());
          LOG.warn("there are too many dead letters: the oldest is dropped, {} of {}", dropped.getDeadLetterId(), dropped.getUserId());
        }
      }
      case PUSH_RESULT_ACCEPTED -> {
        told(outcome, true, time);
        removeDead(outcome);
      }
      case PUSH_RESULT_GONE -> {
        told(outcome, false, time);
        removeDead(outcome);
      }
      case PUSH_RESULT_UNSPECIFIED, UNRECOGNIZED -> LOG.error("an outcome that nobody knows, for {}", id(outcome));
    }
  }

  private static String id(PushOutcome outcome) {
    return PushIds.of(outcome.getConversationId(), outcome.getUserId(), outcome.getDeviceId(), outcome.getSeq());
  }

  /** Nearly always there is none, and the id need not be computed. */
  private void removeDead(PushOutcome outcome) {
    if (!dead.isEmpty()) {
      String id = id(outcome);
      dead.remove(id);
      redriven.remove(id);
    }
  }

  /** An outcome that will be written: what is decided before that knows of it. */
  void told(PushOutcome outcome, Instant time) {
    switch (outcome.getResult()) {
      case PUSH_RESULT_ACCEPTED -> told(outcome, true, time);
      case PUSH_RESULT_GONE, PUSH_RESULT_DEAD -> told(outcome, false, time);
      default -> { /* nobody was told anything */ }
    }
  }

  /** What phones were told of before this time, and nobody has read since, is not known any more: as it is on the log. */
  void forgetBefore(Instant time) {
    byUser.values().forEach(conversations -> conversations.values().removeIf(told -> told.time().isBefore(time)));
    byUser.values().removeIf(Map::isEmpty);
  }

  private void told(PushOutcome outcome, boolean accepted, Instant time) {
    byUser
        .computeIfAbsent(outcome.getUserId(), user -> new HashMap<>(4))
        .computeIfAbsent(outcome.getConversationId(), conversation -> new Told())
        .add(outcome.getDeviceId(), outcome.getSeq(), outcome.getMessages(), accepted, time);
  }

  private static DeadLetter letter(String id, PushOutcome outcome, DispatchRecord record) {
    return DeadLetter.newBuilder()
        .setDeadLetterId(id)
        .setUserId(outcome.getUserId())
        .setDeviceId(outcome.getDeviceId())
        .setConversationId(outcome.getConversationId())
        .setSeq(outcome.getSeq())
        .setProvider(outcome.getProvider())
        .setReason(outcome.getReason())
        .setAttempts(outcome.getAttempts())
        .setTime(record.getTime())
        .build();
  }

  private void fold(Withdrawal withdrawal) {
    Map<String, Told> conversations = byUser.get(withdrawal.getUserId());
    Told told = conversations == null ? null : conversations.get(withdrawal.getConversationId());
    if (conversations != null && told != null && told.seq() <= withdrawal.getSeq()) {
      conversations.remove(withdrawal.getConversationId());
      if (conversations.isEmpty()) {
        byUser.remove(withdrawal.getUserId());
      }
    }
  }

  /** The place of the newest message of a shard, behind which the next one goes. */
  long newest(int shard) {
    return shards[shard].newest;
  }

  /** The log has dropped all messages of a shard, or what was folded is not its newest: the next goes behind this one. */
  void newestIs(int shard, long newest) {
    shards[shard].newest = newest;
  }

  /** Up to where a shard is dealt with; {@link DispatchLog#UNKNOWN}: nobody has said so. */
  public long position(int shard) {
    return shards[shard].position;
  }

  /** Who has taken a shard last. */
  public String dispatcher(int shard) {
    return shards[shard].dispatcher;
  }

  /** What a user was told of a conversation and has not read; null: nothing. */
  @Nullable Told told(String userId, String conversationId) {
    return byUser.getOrDefault(userId, Map.of()).get(conversationId);
  }

  /** How many messages a user was told of and has not read. */
  int unread(String userId) {
    int messages = 0;
    for (Told told : byUser.getOrDefault(userId, Map.of()).values()) {
      messages += told.messages();
    }
    return messages;
  }

  /** A user and a conversation of which the user was told. */
  record Pair(String userId, String conversationId) {}

  /** All that was told of conversations of a shard. Walks through everything: for take-overs. */
  List<Pair> toldIn(int shard) {
    List<Pair> found = new ArrayList<>();
    byUser.forEach(
        (user, conversations) ->
            conversations.keySet().stream()
                .filter(conversation -> ConversationIds.shardOf(conversation, shards.length) == shard)
                .forEach(conversation -> found.add(new Pair(user, conversation))));
    return found;
  }

  /** The dead letters, oldest first. */
  Collection<Dead> dead() {
    return dead.values();
  }

  /** When this push was given up. */
  Instant deadSince(PushOutcome outcome) {
    Dead one = dead.get(id(outcome));
    return one == null ? Instant.EPOCH : Timestamps.toInstant(one.letter.getTime());
  }

  /** Those that are to be tried again, by their ids. */
  Map<String, PushOutcome> redriven() {
    Map<String, PushOutcome> found = new LinkedHashMap<>();
    for (String id : redriven) {
      Dead one = dead.get(id);
      if (one != null) {
        found.put(id, one.outcome);
      }
    }
    return found;
  }

  /** The dead letters as operators see them, newest first, with those that are just tried again. */
  public List<DeadLetter> deadLetters() {
    return dead.sequencedValues().reversed().stream().map(Dead::letter).toList();
  }
}
