package dev.parley.bench.simulation;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.bench.history.FinalLog;
import dev.parley.bench.history.Finding;
import dev.parley.bench.history.HistoryChecker;
import dev.parley.conversation.ConversationIds;
import dev.parley.conversation.Records;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.internal.v1.LogRecord;
import dev.parley.router.Say;
import dev.parley.router.shadow.Difference;
import dev.parley.v1.Cursor;
import dev.parley.v1.SendResult;
import dev.parley.v1.Term;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Some users talk over several routers, of which some are killed, stopped, cut off, sent away and brought back, over a
 * broker on which appends get stuck and arrive late, by clocks that are minutes apart; then everything calms down, comes to
 * rest and is checked: what the devices were told and received against the final log, and the log against the rule that
 * every record lies under the Owner record of its own term. Each seed has about half of the kinds of fault (swarm testing: Groce et al., 2012).
 */
final class Simulation implements SimBroker.World {
  private static final List<String> NAMES = List.of("r1", "r2", "r3");
  /** Of each device; the last one only looks in. */
  private static final List<String> USERS = List.of("ann", "bob", "cid", "ann", "ann");

  private static final int SHARDS = 2;
  private static final int WINDOW = 8;
  /** After so long without the broker a router is taken for dead. */
  private static final Duration LIFETIME = Duration.ofSeconds(3);

  /** The bit of the seeds with which the routers' clocks are wrong, by so much at most, either way. */
  private static final int SKEWED_CLOCKS = 1 << 15;

  private static final Duration MOST_SKEW = Duration.ofMinutes(5);

  private static final Duration STEP = Duration.ofMillis(20);
  /** Long enough for a session to look again which conversations its user has: a notice may have been lost. */
  private static final int STEPS_OF_REST = 400;

  private static final int STEPS_TO_REST = 3_000;

  private final VirtualTime time = new VirtualTime();
  private final Random random;
  private final MemoryBroker broker = new MemoryBroker(new Layout(SHARDS, WINDOW, 1), Long.MAX_VALUE, time);
  private final Map<String, SimRouter> routers = new LinkedHashMap<>();
  /** By how much the clock of a router is ahead. */
  private final Map<String, Duration> ahead = new HashMap<>();

  private final SimLink links;
  private final List<String> conversations;
  private final List<SimDevice> devices = new ArrayList<>();
  private final List<String> findings = new ArrayList<>();
  private final List<Difference> shadowFindings = new ArrayList<>();
  /** Which faults there are with this seed, one bit each: few of one kind show what many of all kinds hide. */
  private final int faults;

  private long forgottenUntil;
  private boolean calm;

  Simulation(long seed) {
    random = new Random(seed);
    faults = random.nextInt();
    Random skew = new Random(~seed);
    int most = (faults & SKEWED_CLOCKS) == 0 ? 0 : (int) MOST_SKEW.toMillis();
    NAMES.forEach(name -> ahead.put(name, Duration.ofMillis(skew.nextInt(-most, most + 1))));
    links = new SimLink(time, random, routers, () -> calm);
    conversations = List.of(Say.GROUP, Say.OTHER, "01900000-0000-7000-8000-000000000003");
    for (String user : USERS) {
      boolean lurks = devices.size() == USERS.size() - 1;
      devices.add(
          new SimDevice(
              user, "device " + devices.size(), lurks, time, random, conversations, this::anyRouter,
              this::checkStored));
    }
  }

  private @Nullable SimRouter anyRouter() {
    List<SimRouter> serving = routers.values().stream().filter(SimRouter::serves).toList();
    return serving.isEmpty() ? null : serving.get(random.nextInt(serving.size()));
  }

  private void start(String name) {
    Duration wrong = Objects.requireNonNull(ahead.get(name));
    InstantSource clock = () -> time.instant().plus(wrong);
    routers.put(name, new SimRouter(name, broker, time, clock, random, links, this, shadowFindings::add));
  }

  @Override
  public boolean calm() {
    return calm;
  }

  @Override
  public void tookOver(SimBroker by, int shard) {
    routers.values().stream()
        .map(SimRouter::broker)
        .filter(other -> other != by)
        .forEach(other -> other.overtaken(shard));
  }

  /**
   * Talks for so many steps of 20 ms, comes to rest, and checks everything; what is wrong, in words of which the first
   * is its kind. What explains other findings comes first: the log, then what was answered and received; last what the
   * routers' own shadow verification found.
   */
  List<String> run(int steps) {
    start("r1");
    start("r2");
    pass(Duration.ofSeconds(2));
    for (String conversation : conversations) {
      devices.getFirst().command(conversation, Say.group("bob", "cid"));
    }
    for (int step = 0; step < steps; step++) {
      devices.forEach(SimDevice::step);
      disturb();
      pass(STEP);
    }
    boolean rested = rest();
    checkFence();
    checkHistory();
    if (!rested) {
      tellWhatWaits();
    }
    shadowFindings.forEach(difference -> findings.add("SHADOW_" + difference.kind() + " " + difference));
    return findings;
  }

  private void pass(Duration howLong) {
    time.advance(howLong);
    broker.registry().expire();
  }

  // ------------------------------------------------------------------ faults

  private void disturb() {
    String name = NAMES.get(random.nextInt(NAMES.size()));
    SimRouter router = routers.get(name);
    int what = random.nextInt(400);
    if (router == null || router.process().dead()) {
      if (what < 6) {
        start(name);
      }
      return;
    }
    if (what >= Integer.SIZE || (faults & (1 << what)) == 0) {
      return;
    }
    switch (what) {
      case 0 -> kill(router);
      case 1, 2 -> {
        Duration howLong = Duration.ofMillis(200 + random.nextInt(9_000));
        router.process().stop(howLong);
        if (random.nextBoolean()) {
          router.broker().hearLate(howLong.plusMillis(random.nextInt(3_000)));
        }
      }
      case 3 -> {
        if (alive() > 1 && router.serves()) {
          router.leave(() -> {});
        }
      }
      case 4, 5 -> router.broker().stick(Duration.ofMillis(500 + random.nextInt(5_000)));
      case 6 -> router.broker().disconnect(Duration.ofMillis(100 + random.nextInt(1_000)));
      case 7, 8 -> links.cutOne();
      case 9 -> leavePipeline(router);
      case 10 -> router.broker().disconnect(LIFETIME.plusMillis(random.nextInt(8_000)));
      case 11 -> router.broker().hearLate(Duration.ofMillis(random.nextInt(5_000)));
      case 12, 13, 14 -> forget(router);
      default -> {}
    }
  }

  /** One router at a time is taken for dead by the others, which have to hear of it themselves. */
  private void forget(SimRouter router) {
    if (time.nanos() >= forgottenUntil) {
      Duration howLong = LIFETIME.plusMillis(random.nextInt(8_000));
      forgottenUntil = time.nanos() + howLong.toNanos();
      router.broker().forget(howLong);
    }
  }

  /** What a router has in flight gets stuck, the router ends or stops, and the next owner's fence meets what is late. */
  private void leavePipeline(SimRouter router) {
    router.broker().beLate(Duration.ofSeconds(8));
    boolean ends = random.nextBoolean();
    time.after(Duration.ofMillis(100 + random.nextInt(400)), () -> {
      if (ends && !calm) {
        kill(router);
      } else if (!calm) {
        router.process().stop(Duration.ofMillis(3_500 + random.nextInt(2_000)));
      }
    });
  }

  private void kill(SimRouter router) {
    router.process().kill();
    links.killed(router.process());
  }

  private long alive() {
    return routers.values().stream().filter(SimRouter::serves).count();
  }

  /** False: something still waits after a long time. */
  private boolean rest() {
    calm = true;
    for (String name : NAMES) {
      SimRouter router = routers.get(name);
      if (router == null || router.process().dead()) {
        start(name);
      }
    }
    int step = 0;
    int atRest = 0;
    while (step < STEPS_TO_REST && atRest < STEPS_OF_REST) {
      devices.forEach(SimDevice::rest);
      pass(STEP);
      atRest = devices.stream().allMatch(device -> device.done(heads())) ? atRest + 1 : 0;
      step++;
    }
    return step < STEPS_TO_REST;
  }

  private void tellWhatWaits() {
    findings.add("NO_REST " + devices.stream().filter(device -> !device.done(heads())).map(SimDevice::state).toList());
    routers.forEach(
        (name, router) -> router.status().thenAccept(status -> findings.add("NO_REST " + name + ": " + status)));
    pass(STEP);
  }

  // ------------------------------------------------------------------ the log

  private List<LogRecord> log(int shard) {
    ShardLog log = broker.shard(shard);
    long tail = log.tail().join().position();
    List<LogRecord> records = new ArrayList<>();
    for (long position = 1; position <= tail; position++) {
      StoredRecord stored = log.read(new long[] {position}).join().getFirst();
      if (stored != null) {
        records.add(parse(stored));
      }
    }
    return records;
  }

  private static LogRecord parse(StoredRecord stored) {
    try {
      return LogRecord.parseFrom(stored.bytes());
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private Map<String, Long> heads() {
    Map<String, Long> heads = new HashMap<>();
    for (String conversation : conversations) {
      StoredRecord last = broker.shard(ConversationIds.shardOf(conversation, SHARDS)).last(conversation).join();
      if (last != null) {
        heads.put(conversation, Records.lastSeq(parse(last)));
      }
    }
    return heads;
  }

  /** What a router says is stored lies on the log at that moment. */
  private void checkStored(SendResult result) {
    Cursor cursor = result.getStored().getCursor();
    ShardLog log = broker.shard(ConversationIds.shardOf(result.getConversationId(), SHARDS));
    StoredRecord stored = log.read(new long[] {cursor.getPosition()}).join().getFirst();
    LogRecord record = stored == null ? LogRecord.getDefaultInstance() : parse(stored);
    boolean there =
        record.getConversationId().equals(result.getConversationId())
            && record.getFirstSeq() <= cursor.getSeq()
            && cursor.getSeq() <= Records.lastSeq(record);
    if (!there) {
      findings.add("ACKED_BEFORE_STORED seq " + cursor.getSeq() + " of " + result.getConversationId());
    }
  }

  /** Every record lies under the Owner record of its term, and terms only grow. */
  private void checkFence() {
    for (int shard = 0; shard < SHARDS; shard++) {
      Term owner = Term.getDefaultInstance();
      for (LogRecord record : log(shard)) {
        if (record.hasOwner()) {
          if (record.getTerm().getNumber() <= owner.getNumber()) {
            findings.add("FENCE shard " + shard + ": an Owner record of an older term");
          }
          owner = record.getTerm();
        } else if (!record.hasFiller() && !record.getTerm().equals(owner)) {
          findings.add("FENCE shard " + shard + ": a record of another term than its Owner's");
        }
      }
    }
  }

  private void checkHistory() {
    Map<String, FinalLog> logs = new LinkedHashMap<>();
    conversations.forEach(conversation -> logs.put(conversation, new FinalLog()));
    for (int shard = 0; shard < SHARDS; shard++) {
      for (LogRecord record : log(shard)) {
        for (int i = 0; i < record.getEventsCount(); i++) {
          FinalLog log = Objects.requireNonNull(logs.get(record.getConversationId()));
          if (Records.event(record, i).getSeq() <= log.head()) {
            findings.add("STORED_TWICE seq " + Records.event(record, i).getSeq() + " of " + record.getConversationId());
          } else {
            log.add(Records.event(record, i));
          }
        }
      }
    }
    HistoryChecker checker = new HistoryChecker(devices.stream().map(SimDevice::history).toList());
    logs.forEach(checker::check);
    for (Finding finding : checker.findings()) {
      findings.add(finding.kind() + " " + finding.text());
    }
  }
}
