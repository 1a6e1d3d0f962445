package dev.parley.dispatcher.shard;

import dev.parley.conversation.log.Broker;
import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.push.PushProvider;
import dev.parley.dispatcher.user.BlockedUsers;
import dev.parley.dispatcher.user.Names;
import dev.parley.dispatcher.user.PushRules;
import dev.parley.dispatcher.user.PushUsers;
import dev.parley.internal.v1.PushUser;
import dev.parley.v1.PushTarget;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What all shards of a dispatcher share.
 *
 * @param self which life of which dispatcher this is
 * @param random spreads repetitions
 * @param loop the dispatcher's one thread
 * @param providers the push service of a target; null: it is not configured
 */
record Surroundings(
    String self,
    Broker broker,
    InstantSource clock,
    RandomGenerator random,
    ScheduledExecutorService loop,
    DispatchTimes times,
    History history,
    Badges badges,
    ReadMarks marks,
    PushUsers users,
    BlockedUsers blocked,
    Names names,
    Routers routers,
    Sender sender,
    Function<PushTarget, @Nullable PushProvider> providers,
    DispatchMetrics metrics) {
  boolean wants(PushUser user, Waiting message, boolean direct, boolean mentioned, Instant now) {
    return PushRules.wants(user, message.conversationId(), direct, mentioned, now);
  }

  /** What a user is to see of a job. */
  Push push(PushJob job, String id) {
    PushJob.Content content = job.content();
    return new Push(
        id,
        job.device().getTarget(),
        job.conversationId,
        content.seq(),
        badges.of(job.userId),
        times.timeToLive(),
        content.alert());
  }
}
