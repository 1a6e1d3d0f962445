package dev.parley.cli;

import dev.parley.bench.Bench;
import dev.parley.bench.BenchOptions;
import dev.parley.bench.BenchResult;
import dev.parley.bench.Demands;
import dev.parley.bench.Fault;
import dev.parley.bench.IdleBench;
import dev.parley.bench.IdleResult;
import dev.parley.bench.presence.PresenceBench;
import dev.parley.bench.presence.WatchedPair;
import dev.parley.bench.push.EncryptionBench;
import dev.parley.bench.push.PushBench;
import dev.parley.bench.push.PushBenchOptions;
import dev.parley.bench.push.PushResult;
import dev.parley.chassis.config.Settings;
import dev.parley.cli.stack.StackFaults;
import dev.parley.dispatcher.push.web.MessageEncryption;
import dev.parley.sdk.ParleyEndpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code parley bench}: loads, measures, and proves that nothing was lost, doubled or reordered. */
@Command(name = "bench", mixinStandardHelpOptions = true, showDefaultValues = true,
    description = {
        "Loads the deployment with an open loop, measured from the scheduled time, and checks every message.",
        "Exits with 1 when one was lost, doubled or out of order."
    })
final class BenchCommand extends ClientCommand {
  private static final int SEEN_CHANGES = 50;
  private static final Duration DEFAULT_TIME = Duration.ofSeconds(30);
  /** The compilers of two routers that have just started are busy for so long (docs/benchmarks.md). */
  private static final Duration WARMUP = Duration.ofMinutes(2);
  private static final Duration PUSH_TIME = Duration.ofSeconds(20);
  /** Three heartbeats. */
  private static final Duration IDLE_TIME = Duration.ofSeconds(60);
  private static final int CLIENTS = 100;
  private static final int IDLE_CLIENTS = 2_000;
  private static final int BROWSER_SECRET_BYTES = 16;

  @Parameters(index = "0", paramLabel = "pairs|group|resume|faults|presence|push|idle", converter = LoadName.class,
      description = "Direct conversations of two; groups; clients that come back during load; pairs while parts of a"
          + " stack that was started with --detach are killed; presence of a"
          + " stack that was started with --detach: as a client sees it, after faults, and as routers load it; pushes to"
          + " phones in the push lab of the stack that runs here; idle: what sessions cost that say nothing.")
  private Load load = Load.PAIRS;

  @Option(names = "--rate", paramLabel = "N",
      description = "Messages a second in, over all conversations: 1000 if not said; with push: pushes a second, 10000.")
  private @Nullable Integer rate;

  @Option(names = "--duration", paramLabel = "TIME", converter = Time.class,
      description = "How long is measured: 30s if not said, with push 20s; with idle 60s, twice.")
  private @Nullable Duration duration;

  @Option(names = "--warmup", paramLabel = "TIME", converter = Time.class,
      description = "Load before that: JVMs need it. 2m if not said, with presence 30s, with push 20s. With idle: how long"
          + " sessions settle before they are measured, 60s.")
  private @Nullable Duration warmup;

  @Option(names = "--clients", paramLabel = "N",
      description = "Sessions: 100 if not said; with resume: those that were away. With idle: 2000; a tenth of them is"
          + " measured first, and what the others add is shown.")
  private @Nullable Integer clients;

  @Option(names = "--size", paramLabel = "BYTES", description = "Text in each message.")
  private int size = 128;

  @Option(names = "--groups", paramLabel = "N",
      description = "With group: spread the clients over so many, 1 if not said. With push: so many, 100.")
  private @Nullable Integer groups;

  @Option(names = "--members", paramLabel = "N",
      description = "With push: members of each group, with a phone each and not connected.")
  private int members = 100;

  @Option(names = "--grace", paramLabel = "TIME", converter = Time.class,
      description = "With push: what is set as the dispatcher's grace.")
  private Duration grace = Duration.ofSeconds(3);

  @Option(names = "--encryption-only",
      description = "With push: only what it costs to encrypt a push for a browser, in this process.")
  private boolean encryptionOnly;

  @Option(names = "--missed", paramLabel = "N", description = "With resume: messages that each client misses.")
  private int missed = 100;

  @Option(names = "--faults", paramLabel = "NAME", split = ",",
      defaultValue = "router-kill,router-join,router-term,router-join,router-stop,nats-kill",
      description = "With faults: what happens, in order. router-kill: kill -9; router-term: SIGTERM; router-stop:"
          + " SIGSTOP for 5 s; router-join: one that has ended comes back, else one more comes; nats-kill: kill -9 and"
          + " start again; presence-kill, presence-stop, redis-kill, redis-stop likewise; calm: nothing for"
          + " 5 s.")
  private List<String> faults = List.of();

  @Option(names = "--changes", paramLabel = "N", description = "With presence: changes a second, a multiple of 1,000.")
  private int changes = 100_000;

  @Option(names = "--users", paramLabel = "N",
      description = "With presence: users of the router that dies, and watchers who come; exits with 1 when something was"
          + " not told, a change was not seen within 1 s, or not within 10 s after a fault, or when a watcher costs half"
          + " as much again as with a tenth of them.")
  private int users = 10_000;

  @Option(names = "--pause", paramLabel = "TIME", converter = Time.class,
      description = "With faults: load before each fault and after the last one, however long the run takes then.")
  private Duration pause = Duration.ofSeconds(10);

  @Option(names = "--channels", paramLabel = "own|shared",
      description = "A connection for each session, or one for all.")
  private String channels = "own";

  @Option(names = "--max-p99", paramLabel = "TIME", converter = Time.class,
      description = "Exit with 1 also when the delivery p99 is above this; with push: that of the delay over the grace.")
  private @Nullable Duration maxP99;

  @Option(names = "--max-gap", paramLabel = "TIME", converter = Time.class,
      description = "Exit with 1 also when a client was not served for longer: a message that was due did not come, or"
          + " its stream was lost. With faults: when after a crash it took longer until all clients were caught up.")
  private @Nullable Duration maxGap;

  @Option(names = "--max-wait", paramLabel = "TIME", converter = Time.class,
      description = "Exit with 1 also when an answer took longer, or a send failed. With faults: when after a planned"
          + " move (router-term, router-join) a client waited longer for anything, or a send failed.")
  private @Nullable Duration maxWait;

  @Option(names = "--max-change", paramLabel = "PERCENT",
      description = "With faults: exit with 1 also when after one of presence or its store the delivery p99 was so much"
          + " above that of the worst calm stretch.")
  private @Nullable Integer maxChange;

  @Option(names = "--max-session-memory", paramLabel = "KIB",
      description = "With idle: exit with 1 also when a session takes more of all processes together: of JVMs what lives"
          + " on their heaps, of the others resident memory.")
  private @Nullable Integer maxSessionMemory;

  @Option(names = "--check", negatable = true, defaultValue = "true", fallbackValue = "true",
      description = "Keep what every client sent, was told and received, 32 bytes an event, and check it against the"
          + " final log. With --no-check only what the clients notice themselves is known.")
  private boolean check = true;

  @Option(names = "--resend", paramLabel = "N",
      description = "Send one in N acknowledged messages again, with its id: it must get the same seq. 0: none.")
  private int resend;

  @Option(names = "--json", description = "The result as one JSON object.")
  private boolean json;

  @Override
  int run(ConnectOptions connect, PrintWriter out) throws IOException, InterruptedException {
    if (load == Load.PRESENCE) {
      return presence(connect, out);
    }
    if (load == Load.PUSH) {
      return push(connect, out);
    }
    if (load == Load.IDLE) {
      return idle(connect, out);
    }
    if (load != Load.FAULTS) {
      return run(connect, out, List.of());
    }
    try (StackFaults stack = StackFaults.in(connect.directory())) {
      return run(connect, out, faults.stream().map(stack::named).toList());
    }
  }

  /**
   * A client that watches another one, also after faults; then changes at --changes a second, the death of a router, and
   * watchers who come: a tenth of them first, for the growth.
   */
  private int presence(ConnectOptions connect, PrintWriter out) throws IOException, InterruptedException {
    List<PresenceBench.Result> results = new ArrayList<>();
    try (ParleyEndpoint endpoint = connect.endpoint();
        StackFaults stack = StackFaults.in(connect.directory());
        WatchedPair pair = new WatchedPair(endpoint, connect.tokensOfAnybody(), System.err)) {
      results.add(pair.changes(SEEN_CHANGES));
      for (String name : List.of("presence-kill", "presence-stop", "redis-kill", "redis-stop")) {
        results.add(pair.after(stack.named(name)));
      }
    }
    PresenceBench bench = connect.presenceBench(System.err);
    results.add(bench.changes(changes, or(warmup, DEFAULT_TIME), or(duration, DEFAULT_TIME)));
    results.add(bench.death(users));
    bench.watchers(users);
    results.add(bench.watchers(Math.max(1, users / 10)));
    results.add(bench.watchers(users));
    results.forEach(result -> out.println(result.json()));
    out.flush();
    return results.stream().allMatch(PresenceBench.Result::complete) ? 0 : 1;
  }

  /** What sessions cost that say nothing. */
  private int idle(ConnectOptions connect, PrintWriter out) throws IOException, InterruptedException {
    if (maxSessionMemory != null && connect.pids().isEmpty()) {
      throw new CommandFailure("--max-session-memory needs an installation on this machine: nobody tells the memory of another");
    }
    BenchOptions options = options(IDLE_CLIENTS, IDLE_TIME, IDLE_TIME);
    try (ParleyEndpoint endpoint = connect.endpoint()) {
      IdleResult result =
          new IdleBench(options, endpoint, connect.tokensOfAnybody(), connect.pids(), System.err).run();
      out.println(json ? result.json() : result.text());
      out.flush();
      if (maxSessionMemory != null && result.sessionKib() > maxSessionMemory) {
        err().println("parley: a session takes more than " + maxSessionMemory + " KiB");
        return 1;
      }
      return result.ok() ? 0 : 1;
    }
  }

  /** Pushes to the push lab, and what it costs to encrypt one for a browser. */
  private int push(ConnectOptions connect, PrintWriter out) throws IOException, InterruptedException {
    boolean ok = encryptionOnly || pushes(connect, out);
    EncryptionBench.Result encryption = encryption();
    out.println(json ? encryption.json() : encryption.text());
    out.flush();
    return ok ? 0 : 1;
  }

  private boolean pushes(ConnectOptions connect, PrintWriter out) throws IOException, InterruptedException {
    PushBenchOptions options = new PushBenchOptions(or(groups, 100), members, or(rate, 10_000), size,
        or(warmup, PUSH_TIME), or(duration, PUSH_TIME), grace);
    try (ParleyEndpoint endpoint = connect.endpoint()) {
      PushResult result = new PushBench(options, endpoint, connect.tokensOfAnybody(), connect.operatorTokens(),
          new PushLab(connect.phones()), connect.pids(), System.err).run();
      out.println(json ? result.json() : result.text());
      out.flush();
      if (maxP99 != null && !result.within(maxP99)) {
        err().println("parley: the p99 of the delay over the grace is above " + maxP99.toMillis() + " ms");
        return false;
      }
      return result.ok();
    }
  }

  private static EncryptionBench.Result encryption() {
    try {
      KeyPairGenerator curve = KeyPairGenerator.getInstance("EC");
      curve.initialize(new ECGenParameterSpec("secp256r1"));
      ECPublicKey browser = (ECPublicKey) curve.generateKeyPair().getPublic();
      byte[] secret = new byte[BROWSER_SECRET_BYTES];
      MessageEncryption encryption = new MessageEncryption();
      return EncryptionBench.run(plain -> encryption.encrypt(plain, browser, secret), System.err);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform can encrypt for a point of P-256", e);
    }
  }

  private static <T> T or(@Nullable T said, T other) {
    return said == null ? other : said;
  }

  private int run(ConnectOptions connect, PrintWriter out, List<Fault> happening)
      throws IOException, InterruptedException {
    BenchOptions options = options(CLIENTS, WARMUP, DEFAULT_TIME);
    try (ParleyEndpoint endpoint = connect.endpoint()) {
      BenchResult result =
          new Bench(options, endpoint, connect.tokensOfAnybody(), connect.pids(), System.err).run(happening, pause);
      out.println(json ? result.json() : result.text());
      out.flush();
      List<String> unmet = new Demands(maxP99, maxGap, maxWait, maxChange).unmet(result);
      unmet.forEach(each -> err().println("parley: " + each));
      return result.ok() && unmet.isEmpty() ? 0 : 1;
    }
  }

  private BenchOptions options(int usualClients, Duration usualWarmup, Duration usualDuration) {
    return new BenchOptions(load.mode, or(rate, 1_000), or(duration, usualDuration), or(warmup, usualWarmup),
        or(clients, usualClients), size, or(groups, 1), missed, channels.equals("shared"), Duration.ofSeconds(30), check,
        resend);
  }

  /** What the run is about. */
  private enum Load {
    PAIRS(BenchOptions.Mode.PAIRS),
    GROUP(BenchOptions.Mode.GROUP),
    RESUME(BenchOptions.Mode.RESUME),
    FAULTS(BenchOptions.Mode.PAIRS),
    PRESENCE(BenchOptions.Mode.PAIRS),
    PUSH(BenchOptions.Mode.PAIRS),
    IDLE(BenchOptions.Mode.PAIRS);

    final BenchOptions.Mode mode;

    Load(BenchOptions.Mode mode) {
      this.mode = mode;
    }
  }

  /** Reads the name of a load. */
  static final class LoadName implements ITypeConverter<Load> {
    @Override
    public Load convert(String value) {
      return Load.valueOf(value.toUpperCase(Locale.ROOT));
    }
  }

  /** Reads {@code 500ms}, {@code 30s}, {@code 2m}, {@code 1h}. */
  static final class Time implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String value) {
      return Settings.duration(value);
    }
  }
}
