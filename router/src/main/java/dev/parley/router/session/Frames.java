package dev.parley.router.session;

import com.google.protobuf.Duration;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.parley.conversation.Refusal;
import dev.parley.router.shard.FollowAnswer;
import dev.parley.v1.CatchUp;
import dev.parley.v1.Command;
import dev.parley.v1.Error;
import dev.parley.v1.Head;
import dev.parley.v1.Heads;
import dev.parley.v1.SendResult;
import dev.parley.v1.ServerFrame;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Frames that a session builds from what happened. */
final class Frames {
  private static final String DOMAIN = "parley";
  private static final String REASON_PREFIX = "ERROR_REASON_";
  private static final int HEADS_PER_FRAME = 1_000;

  private Frames() {}

  static ServerFrame.Builder error(Refusal why, String conversationId, boolean closesStream) {
    return ServerFrame.newBuilder()
        .setError(error(why).setConversationId(conversationId).setClosesStream(closesStream));
  }

  static ServerFrame.Builder refused(Command command, Refusal why) {
    return refused(command.getConversationId(), command.getClientEventId(), why);
  }

  static ServerFrame.Builder refused(String conversationId, String clientEventId, Refusal why) {
    return ServerFrame.newBuilder()
        .setSendResult(
            SendResult.newBuilder()
                .setConversationId(conversationId)
                .setClientEventId(clientEventId)
                .setRefused(error(why).setConversationId(conversationId)));
  }

  private static Error.Builder error(Refusal why) {
    Error.Builder error =
        Error.newBuilder()
            .setMessage(why.message())
            .setInfo(
                ErrorInfo.newBuilder()
                    .setDomain(DOMAIN)
                    .setReason(why.reason().name().substring(REASON_PREFIX.length()))
                    .putAllMetadata(why.metadata()));
    if (why.retryAfter() != null) {
      error.setRetry(RetryInfo.newBuilder().setRetryDelay(duration(why.retryAfter())));
    }
    return error;
  }

  static ServerFrame.Builder catchUp(String conversationId, long afterSeq, FollowAnswer.Following begun) {
    return ServerFrame.newBuilder()
        .setCatchUp(
            CatchUp.newBuilder()
                .addFollowing(
                    dev.parley.v1.Following.newBuilder()
                        .setConversationId(conversationId)
                        .addAllReadable(begun.readable())
                        .setHead(begun.head())
                        .setAfterSeq(afterSeq)
                        .setReadSeq(begun.readSeq())
                        .setUnreadCount(begun.unreadCount())));
  }

  /** The heartbeat: heads that changed since the last one, or all, and the digest over all. */
  static List<ServerFrame.Builder> heads(Collection<Following> conversations, boolean all) {
    List<Heads.Builder> frames = new ArrayList<>();
    frames.add(Heads.newBuilder().setAll(all));
    MessageDigest sha256 = sha256();
    long digest = 0;
    for (Following conversation : conversations) {
      if (!conversation.active) {
        continue;
      }
      sha256.update(conversation.idBytes);
      sha256.update(ByteBuffer.allocate(Long.BYTES).putLong(conversation.head).flip());
      digest ^= ByteBuffer.wrap(sha256.digest()).getLong();
      if (all || conversation.head != conversation.headTold) {
        conversation.headTold = conversation.head;
        if (frames.getLast().getHeadsCount() == HEADS_PER_FRAME) {
          frames.add(Heads.newBuilder().setAll(all));
        }
        frames.getLast().addHeads(Head.newBuilder().setConversationId(conversation.id).setSeq(conversation.head));
      }
    }
    long result = digest;
    return frames.stream().map(heads -> ServerFrame.newBuilder().setHeads(heads.setDigest(result))).toList();
  }

  /** A duration of the contract. */
  static Duration duration(java.time.Duration duration) {
    return Duration.newBuilder().setSeconds(duration.getSeconds()).setNanos(duration.getNano()).build();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
