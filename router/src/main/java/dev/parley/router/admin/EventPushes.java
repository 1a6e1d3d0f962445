package dev.parley.router.admin;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import dev.parley.internal.v1.DispatchRecord;
import dev.parley.internal.v1.PushOutcome;
import dev.parley.internal.v1.PushResult;
import dev.parley.internal.v1.Withdrawal;
import dev.parley.v1.PushAttempt;
import dev.parley.v1.PushAttemptResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds in the dispatchers' log what was pushed for one event. A push tells of its newest message and of as many before it
 * as it counts: so it counts for an event that lies less than that many events before. Where other events lie between, one
 * may be missed that told of it with others; none is told that did not.
 *
 * <p>Belongs to one thread at a time.
 */
final class EventPushes {
  private static final Logger LOG = LoggerFactory.getLogger(EventPushes.class);

  private final String conversationId;
  private final long seq;
  private final Map<String, List<PushAttempt>> byUser = new HashMap<>();
  private final Set<Phone> told = new HashSet<>();
  private final Set<String> shown = new HashSet<>();

  private record Phone(String userId, String deviceId) {}

  /** For an event, and these of its recipients. */
  EventPushes(String conversationId, long seq, Iterable<String> userIds) {
    this.conversationId = conversationId;
    this.seq = seq;
    userIds.forEach(userId -> byUser.put(userId, new ArrayList<>()));
  }

  /** Takes the next message of the log. */
  void fold(byte[] message) {
    DispatchRecord record;
    try {
      record = DispatchRecord.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      LOG.error("a dispatchers' message is not readable", e);
      return;
    }
    record.getPushesList().forEach(outcome -> fold(outcome, record.getTime()));
    record.getWithdrawalsList().forEach(withdrawal -> fold(withdrawal, record.getTime()));
  }

  private void fold(PushOutcome outcome, Timestamp time) {
    List<PushAttempt> ofUser = byUser.get(outcome.getUserId());
    Phone phone = new Phone(outcome.getUserId(), outcome.getDeviceId());
    if (ofUser == null || !isOfTheEvent(outcome) || told.contains(phone)) {
      return;
    }
    ofUser.add(
        PushAttempt.newBuilder()
            .setDeviceId(outcome.getDeviceId())
            .setProvider(outcome.getProvider())
            .setResult(result(outcome.getResult()))
            .setTime(time)
            .setReason(outcome.getReason())
            .setAttempts(outcome.getAttempts())
            .build());
    if (outcome.getResult() == PushResult.PUSH_RESULT_ACCEPTED) {
      told.add(phone);
      shown.add(outcome.getUserId());
    }
  }

  private boolean isOfTheEvent(PushOutcome outcome) {
    long newer = outcome.getSeq() - seq;
    return outcome.getConversationId().equals(conversationId)
        && (newer == 0 || newer > 0 && newer < outcome.getMessages());
  }

  private void fold(Withdrawal withdrawal, Timestamp time) {
    List<PushAttempt> ofUser = byUser.get(withdrawal.getUserId());
    boolean takenAway =
        withdrawal.getConversationId().equals(conversationId)
            && withdrawal.getSeq() >= seq
            && shown.remove(withdrawal.getUserId());
    if (ofUser != null && takenAway) {
      ofUser.add(
          PushAttempt.newBuilder()
              .setResult(PushAttemptResult.PUSH_ATTEMPT_RESULT_WITHDRAWN)
              .setTime(time)
              .build());
    }
  }

  private static PushAttemptResult result(PushResult result) {
    return switch (result) {
      case PUSH_RESULT_ACCEPTED -> PushAttemptResult.PUSH_ATTEMPT_RESULT_ACCEPTED;
      case PUSH_RESULT_GONE -> PushAttemptResult.PUSH_ATTEMPT_RESULT_GONE;
      case PUSH_RESULT_DEAD -> PushAttemptResult.PUSH_ATTEMPT_RESULT_DEAD;
      case PUSH_RESULT_REDRIVEN -> PushAttemptResult.PUSH_ATTEMPT_RESULT_REDRIVEN;
      case PUSH_RESULT_NOT_NEEDED -> PushAttemptResult.PUSH_ATTEMPT_RESULT_NOT_NEEDED;
      case PUSH_RESULT_UNSPECIFIED, UNRECOGNIZED -> PushAttemptResult.PUSH_ATTEMPT_RESULT_UNSPECIFIED;
    };
  }

  /** What was found for a user, oldest first. */
  List<PushAttempt> of(String userId) {
    return byUser.getOrDefault(userId, List.of());
  }
}
