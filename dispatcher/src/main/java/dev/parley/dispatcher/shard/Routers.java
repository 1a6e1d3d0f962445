package dev.parley.dispatcher.shard;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.log.Inquiries;
import dev.parley.internal.v1.DeliveredAnswer;
import dev.parley.internal.v1.DeliveredQuestion;
import dev.parley.internal.v1.DeliveredSeq;
import dev.parley.internal.v1.DeviceHas;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the routers which devices have acknowledged a message. Who does not answer in time knows of none. */
public final class Routers {
  private static final Logger LOG = LoggerFactory.getLogger(Routers.class);

  private final Inquiries inquiries;
  private final IntSupplier routers;
  private final Duration limit;
  private final Executor loop;

  /** {@code routers}: how many there are now. */
  public Routers(Inquiries inquiries, IntSupplier routers, Duration limit, Executor loop) {
    this.inquiries = inquiries;
    this.routers = routers;
    this.limit = limit;
    this.loop = loop;
  }

  /** A device of a user has what the question with this number asks for. */
  record Has(int question, String userId, String deviceId) {}

  /** Which devices have these. Completed on the loop; never fails. */
  CompletableFuture<Set<Has>> whoHas(List<DeliveredSeq> seqs) {
    byte[] question = DeliveredQuestion.newBuilder().addAllSeqs(seqs).build().toByteArray();
    return inquiries
        .ask(question, routers.getAsInt(), limit)
        .thenApplyAsync(
            answers -> {
              Set<Has> all = new HashSet<>();
              for (byte[] answer : answers) {
                all.addAll(read(answer));
              }
              return all;
            },
            loop);
  }

  private static List<Has> read(byte[] answer) {
    List<Has> found = new ArrayList<>();
    try {
      for (DeviceHas has : DeliveredAnswer.parseFrom(answer).getHasList()) {
        found.add(new Has(has.getQuestion(), has.getUserId(), has.getDeviceId()));
      }
    } catch (InvalidProtocolBufferException e) {
      LOG.error("a router's answer is not readable", e);
    }
    return found;
  }
}
