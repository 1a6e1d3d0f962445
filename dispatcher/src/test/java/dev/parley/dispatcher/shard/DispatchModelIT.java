package dev.parley.dispatcher.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chassis.telemetry.Traces;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.conversation.log.memory.MemoryRegistry;
import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.push.PushProvider.Answer;
import dev.parley.dispatcher.user.BlockedUsers;
import dev.parley.dispatcher.user.Names;
import dev.parley.dispatcher.user.PushUsers;
import dev.parley.v1.DeadLetter;
import dev.parley.v1.FcmTarget;
import dev.parley.v1.PushDevice;
import dev.parley.v1.PushTarget;
import io.opentelemetry.api.metrics.MeterProvider;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Dispatchers that die, stop, go on, come and leave at any moment, and a provider that fails, over the real classes and the
 * log in memory: afterwards everything that was said was told, or was read in time, or is a dead letter; and nothing was
 * told that was read before the grace was over.
 */
class DispatchModelIT {
  private static final int SEEDS = 200;
  private static final Duration GRACE = Duration.ofSeconds(3);
  private static final DispatchTimes TIMES =
      new DispatchTimes(
          GRACE, Duration.ofHours(12), Duration.ofSeconds(20), Duration.ofMillis(300), Duration.ofDays(7));
  private static final List<String> USERS = List.of("alice", "bob", "carol");

  @ParameterizedTest
  @ValueSource(ints = {0, SEEDS})
  void whateverDiesEverybodyIsToldOrIsADeadLetter(int first) {
    for (int seed = first; seed < first + SEEDS; seed++) {
      new Run(seed).check();
    }
  }

  /** What one seed makes of it. */
  private static final class Run {
    private final int seed;
    private final Random random;
    private final VirtualTime time = new VirtualTime();
    private final VirtualTime.Process world = time.process();
    private final MemoryBroker broker = new MemoryBroker(new Layout(2, 64, 1), Long.MAX_VALUE, time);
    private final PushUsers users = new PushUsers(broker.table(TableName.PUSH_USERS));
    private final BlockedUsers blocked = new BlockedUsers(broker.table(TableName.BLOCKS));
    private final List<Living> living = new ArrayList<>();
    private final List<Talk> talks = new ArrayList<>();
    private final Map<String, Map<String, Long>> marks = new HashMap<>();
    private final List<Read> reads = new ArrayList<>();
    private final List<Sent> sent = new ArrayList<>();
    private final List<Said> said = new ArrayList<>();
    private boolean providerWorks = true;
    private int names;

    private record Living(String name, Dispatcher dispatcher, VirtualTime.Process process) {}

    private record Sent(String user, Push push, Instant time, boolean accepted) {}

    private record Read(String user, String conversation, long seq, Instant time) {}

    private record Said(Talk talk, long seq, String sender, Instant time) {}

    Run(int seed) {
      this.seed = seed;
      this.random = new Random(seed);
    }

    void check() {
      begin();
      for (int step = 0; step < 120; step++) {
        act();
        pass(Duration.ofMillis(random.nextInt(1_500)));
      }
      calm();
      everybodyWasTold();
      nobodyWasToldOfWhatWasReadInTime();
      sameNewsHaveTheSameId();
    }

    private void begin() {
      users.load().join();
      blocked.load().join();
      for (String user : USERS) {
        users
            .register(
                user,
                PushDevice.newBuilder()
                    .setDeviceId("phone")
                    .setTarget(PushTarget.newBuilder().setFcm(FcmTarget.newBuilder().setToken(user)))
                    .build())
            .join();
      }
      start();
      pass(Duration.ofSeconds(2));
      for (int i = 0; i < 3; i++) {
        talks.add(
            Talk.group(broker, time, String.format("018f0000-0000-7000-8000-%012d", i), USERS));
      }
    }

    /** Time passes; registrations that nobody renews end. */
    private void pass(Duration howLong) {
      Instant end = time.instant().plus(howLong);
      while (time.instant().isBefore(end)) {
        Duration left = Duration.between(time.instant(), end);
        time.pass(left.compareTo(Duration.ofMillis(250)) < 0 ? left : Duration.ofMillis(250));
        ((MemoryRegistry) broker.dispatch().dispatchers()).expire();
      }
    }

    private void act() {
      switch (random.nextInt(21)) {
        case 0 -> start();
        case 1 -> kill();
        case 2 -> leave();
        case 3 -> stopForAWhile();
        case 4 -> providerWorks = !providerWorks;
        case 5, 6, 7, 8 -> read();
        case 9 -> living.forEach(one -> one.dispatcher.redrive(List.of()));
        default -> say();
      }
    }

    private void start() {
      if (living.size() >= 3) {
        return;
      }
      String name = "d" + names++;
      VirtualTime.Process process = time.process();
      FakeProvider provider = new FakeProvider();
      provider.answers(this::answer);
      Dispatcher dispatcher =
          new Dispatcher(
              name,
              new Dispatcher.Parts(
                  broker, time, random, process, TIMES, users, blocked, new Names(broker.table(TableName.PROFILES), time), 100,
                  target -> provider, new DispatchMetrics(MeterProvider.noop().get("test"), Traces.NONE, time), new Alone()));
      dispatcher.start();
      living.add(new Living(name, dispatcher, process));
    }

    /** The provider answers after a while, badly or never: but what it took it took. */
    private CompletableFuture<Answer> answer(Push push) {
      String user = push.target().getFcm().getToken();
      boolean accepted = providerWorks && random.nextInt(10) > 0;
      sent.add(new Sent(user, push, time.instant(), accepted));
      CompletableFuture<Answer> answer = new CompletableFuture<>();
      world.schedule(
          () -> {
            if (accepted && random.nextInt(20) > 0) {
              answer.complete(new Answer.Accepted());
            } else if (random.nextBoolean()) {
              answer.complete(new Answer.TryAgain(Duration.ofSeconds(2), "busy"));
            } else {
              answer.completeExceptionally(new IOException("no answer"));
            }
          },
          random.nextInt(800),
          TimeUnit.MILLISECONDS);
      return answer;
    }

    private void kill() {
      if (!living.isEmpty()) {
        living.remove(random.nextInt(living.size())).process.die();
      }
    }

    private void leave() {
      if (living.size() > 1) {
        Living leaving = living.remove(random.nextInt(living.size()));
        leaving.dispatcher.leave().whenComplete((gone, failure) -> leaving.process.die());
      }
    }

    private void stopForAWhile() {
      if (!living.isEmpty()) {
        VirtualTime.Process process = living.get(random.nextInt(living.size())).process;
        process.stop();
        world.schedule(process::goOn, 500 + random.nextInt(8_000), TimeUnit.MILLISECONDS);
      }
    }

    private void say() {
      Talk talk = talks.get(random.nextInt(talks.size()));
      String sender = USERS.get(random.nextInt(USERS.size()));
      said.add(new Said(talk, talk.say(sender, "m"), sender, time.instant()));
    }

    private void read() {
      Talk talk = talks.get(random.nextInt(talks.size()));
      String user = USERS.get(random.nextInt(USERS.size()));
      Map<String, Long> mine = marks.computeIfAbsent(user, one -> new HashMap<>());
      long newest = said.stream().filter(one -> one.talk == talk).mapToLong(Said::seq).max().orElse(0);
      long before = mine.getOrDefault(talk.id(), 0L);
      if (newest > before) {
        mine.put(talk.id(), newest);
        talk.read(user, newest);
        reads.add(new Read(user, talk.id(), newest, time.instant()));
      }
    }

    /** Everything works, long enough for everything that is to be done. */
    private void calm() {
      providerWorks = true;
      pass(Duration.ofSeconds(10));
      start();
      pass(Duration.ofMinutes(3));
    }

    private void everybodyWasTold() {
      CompletableFuture<List<DeadLetter>> dead = living.getLast().dispatcher.deadLetters();
      pass(Duration.ofMillis(1));
      for (Said one : said) {
        for (String user : USERS) {
          boolean told =
              sent.stream()
                  .anyMatch(
                      push ->
                          push.accepted
                              && push.user.equals(user)
                              && push.push.conversationId().equals(one.talk.id())
                              && push.push.seq() >= one.seq
                              && !push.push.isWithdrawal());
          boolean read = marks.getOrDefault(user, Map.of()).getOrDefault(one.talk.id(), 0L) >= one.seq;
          boolean given =
              dead.join().stream()
                  .anyMatch(
                      letter ->
                          letter.getUserId().equals(user)
                              && letter.getConversationId().equals(one.talk.id())
                              && letter.getSeq() >= one.seq);
          assertThat(one.sender.equals(user) || told || read || given)
              .as("seed %d: %s is told of %d in %s, said at %s", seed, user, one.seq, one.talk.id(), one.time)
              .isTrue();
        }
      }
    }

    private void nobodyWasToldOfWhatWasReadInTime() {
      for (Sent one : sent) {
        if (!one.push.isWithdrawal()) {
          Instant end = timeOf(one.push).plus(GRACE);
          assertThat(one.time).as("seed %d: the grace of %s", seed, one.push).isAfterOrEqualTo(end);
          assertThat(reads)
              .as("seed %d: read before the grace of %s was over", seed, one.push)
              .noneMatch(
                  read ->
                      read.user.equals(one.user)
                          && read.conversation.equals(one.push.conversationId())
                          && read.seq >= one.push.seq()
                          && read.time.isBefore(end));
        }
      }
    }

    private Instant timeOf(Push push) {
      return said.stream()
          .filter(one -> one.talk.id().equals(push.conversationId()) && one.seq == push.seq())
          .findAny()
          .orElseThrow()
          .time;
    }

    private void sameNewsHaveTheSameId() {
      Map<String, String> ids = new HashMap<>();
      for (Sent one : sent) {
        if (!one.push.isWithdrawal()) {
          String key = one.user + one.push.conversationId() + one.push.seq();
          assertThat(ids.merge(key, one.push.id(), (before, now) -> before))
              .as("seed %d: the id of %s", seed, one.push)
              .isEqualTo(one.push.id());
        }
      }
    }
  }
}
