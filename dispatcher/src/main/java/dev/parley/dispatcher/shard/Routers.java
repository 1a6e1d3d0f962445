package dev.parley.dispatcher.shard;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.log.Inquiries;
import dev.parley.internal.v1.DeliveredAnswer;
import dev.parley.internal.v1.DeliveredQuestion;
import dev.parley.internal.v1.DeliveredSeq;
import dev.parley.internal.v1.DeviceHas;
import dev.parley.internal.v1.RouterQuestion;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the routers which devices have acknowledged a message. One that does not answer is asked a few times, since it may
 * just be coming back; then it knows of none.
 */
public final class Routers {
  private static final Logger LOG = LoggerFactory.getLogger(Routers.class);
  private static final int TIMES = 5;

  private final Inquiries inquiries;
  private final IntSupplier routers;
  private final Duration limit;
  private final Executor loop;

  /** {@code routers}: how many there are now; 0 when that is not known. */
  public Routers(Inquiries inquiries, IntSupplier routers, Duration limit, Executor loop) {
    this.inquiries = inquiries;
    this.routers = routers;
    this.limit = limit;
    this.loop = loop;
  }

  /** A device of a user, and the number of a question. */
  record Asked(int question, String userId, String deviceId) {}

  /** Up to where devices have acknowledged what is asked for, of those that have that much. Never fails. */
  CompletableFuture<Map<Asked, Long>> whoHas(List<DeliveredSeq> seqs) {
    byte[] question =
        RouterQuestion.newBuilder()
            .setDelivered(DeliveredQuestion.newBuilder().addAllSeqs(seqs))
            .build()
            .toByteArray();
    return ask(question, TIMES)
        .thenApplyAsync(
            answers -> {
              Map<Asked, Long> all = new HashMap<>();
              answers.forEach(answer -> read(answer, all));
              return all;
            },
            loop);
  }

  private CompletableFuture<List<byte[]>> ask(byte[] question, int times) {
    int expected = Math.max(1, routers.getAsInt());
    return inquiries
        .ask(question, expected, limit)
        .thenCompose(
            answers -> {
              if (answers.size() >= expected || times <= 1) {
                return CompletableFuture.completedFuture(answers);
              }
              LOG.debug("{} of {} routers have answered; asked again", answers.size(), expected);
              return ask(question, times - 1);
            });
  }

  private static void read(byte[] answer, Map<Asked, Long> all) {
    try {
      for (DeviceHas has : DeliveredAnswer.parseFrom(answer).getHasList()) {
        all.merge(new Asked(has.getQuestion(), has.getUserId(), has.getDeviceId()), has.getSeq(), Math::max);
      }
    } catch (InvalidProtocolBufferException e) {
      LOG.error("a router's answer is not readable", e);
    }
  }
}
