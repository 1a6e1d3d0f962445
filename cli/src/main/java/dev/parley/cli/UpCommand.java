package dev.parley.cli;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.auth.TokenSigner;
import dev.parley.chassis.server.Lifecycle;
import dev.parley.cli.stack.MemoryStack;
import dev.parley.cli.stack.Stack;
import dev.parley.cli.stack.StackSettings;
import dev.parley.cli.stack.StackState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code parley up}: an installation on this machine, from nothing to ready. */
@Command(
    name = "up",
    description = "Starts the broker, routers and the edge on this machine, and says how to use them.",
    mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {
  private static final Duration TOKEN_LIFE = Duration.ofHours(24);
  private static final Duration STOP_DEADLINE = Duration.ofSeconds(10);

  @Mixin private DataDirectory data = new DataDirectory();

  @Option(names = "--detach", description = "Return when everything is ready; ./parley down stops it.")
  private boolean detach;

  @Option(names = "--json", description = "Print one JSON object instead of text.")
  private boolean json;

  @Option(names = "--edge-port", paramLabel = "N", description = "Port for clients (8443 if free, else a free one).")
  private int edgePort;

  @Option(
      names = "--routers",
      paramLabel = "N",
      description = "How many routers share the work and stand in for each other (default: ${DEFAULT-VALUE}).")
  private int routers = StackSettings.ROUTERS;

  @Option(
      names = "--router-port",
      paramLabel = "N",
      description = "Port of the first router, the next one's is one more (from 8700 on those that are free).")
  private int routerPort;

  @Option(names = "--nats-port", paramLabel = "N", description = "Port of the broker (4222 if free, else a free one).")
  private int natsPort;

  @Option(
      names = "--sync",
      paramLabel = "WHEN",
      defaultValue = "always",
      description = "When the broker flushes to disk: 'always', or a time such as 1s (faster; a power cut loses it).")
  private String sync = "always";

  @Option(
      names = "--no-metrics",
      description = "The programs count nothing; their admin endpoints have probes and log levels only.")
  private boolean noMetrics;

  @Option(
      names = "--observe",
      description = "Also Prometheus, with the alerts of observability/, and a collector of OpenTelemetry that writes a "
          + "trace of each message to a file. Go builds both the first time, which takes minutes.")
  private boolean observe;

  @Option(names = "--memory", description = "One process, nothing on disk, no TLS: for a first look and for tests.")
  private boolean memory;

  @Override
  public Integer call() throws IOException {
    if (memory && observe) {
      throw new CommandFailure("--observe looks at the processes of an installation on disk: leave out --memory");
    }
    return memory ? upInMemory() : upOnDisk();
  }

  private int upOnDisk() throws IOException {
    Path directory = data.path();
    if (routers < 1) {
      throw new CommandFailure("--routers " + routers + ": at least one router is needed");
    }
    if (observe && noMetrics) {
      throw new CommandFailure("--observe shows what --no-metrics leaves out: name one of them");
    }
    Stack stack =
        Stack.start(
            new StackSettings(directory, detach, routers, edgePort, routerPort, natsPort, sync, !noMetrics, observe),
            UpCommand::tell);
    StackState state = stack.state();
    Map<String, String> tokens = tokens(directory);
    Map<String, Object> map = state.toMap();
    map.put("page", page(state.page(), tokens));
    String told = json ? json(map, tokens) : text(state, tokens);
    if (detach) {
      stack.detach();
      System.out.println(told);
      return 0;
    }
    return watch(stack, told);
  }

  private static void tell(String line) {
    System.err.println("parley: " + line);
  }

  private int upInMemory() throws IOException {
    if (detach) {
      throw new CommandFailure("--memory lives in this process only: leave out --detach, or put & behind the command");
    }
    Path directory = data.path();
    Lifecycle lifecycle = new Lifecycle(STOP_DEADLINE);
    MemoryStack stack = MemoryStack.start(directory, routerPort, lifecycle::stop);
    Map<String, String> tokens = tokens(directory);
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("routers", Map.of("router-1", stack.address()));
    map.put("page", page(stack.page(), tokens));
    map.put("phones", stack.phones());
    map.put("pid", ProcessHandle.current().pid());
    System.out.println(json ? json(map, tokens) : memoryText(stack, tokens));
    lifecycle.onStop("router", stack);
    lifecycle.await();
    return 0;
  }

  /** Two users to try it with, in the order in which they are shown. */
  private static Map<String, String> tokens(Path directory) throws IOException {
    TokenSigner signer = DevKeys.in(directory.resolve("keys")).signer();
    Instant end = Instant.now().plus(TOKEN_LIFE);
    Map<String, String> tokens = new LinkedHashMap<>();
    tokens.put("alice", signer.sign("alice", "Alice", end));
    tokens.put("bob", signer.sign("bob", "Bob", end));
    return tokens;
  }

  /**
   * Until a part dies, or a signal comes: the JVM then runs the hook, and the process ends with its status.
   *
   * @param told what is printed as soon as a signal stops the parts
   */
  private static int watch(Stack stack, String told) throws IOException {
    AtomicBoolean stopped = new AtomicBoolean();
    Thread hook =
        Thread.ofPlatform()
            .unstarted(
                () -> {
                  stopped.set(true);
                  tell("stopping");
                  try {
                    stack.close();
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                  // The signal was a wish, not a failure.
                  Runtime.getRuntime().halt(0);
                });
    Runtime.getRuntime().addShutdownHook(hook);
    System.out.println(told);
    String death =
        stack
            .partDied(
                line -> {
                  if (!stopped.get()) {
                    tell(line);
                  }
                })
            .join();
    if (stopped.get()) {
      // The hook ends the parts, one after the other, and then the process.
      awaitHalt(hook);
    }
    Runtime.getRuntime().removeShutdownHook(hook);
    stack.close();
    throw new CommandFailure(death + "\nparley: stopped the rest; start again with ./parley up");
  }

  private static void awaitHalt(Thread hook) {
    try {
      hook.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The page with its users' tokens behind the #, which browsers keep to themselves. */
  private static String page(String url, Map<String, String> tokens) {
    return url
        + tokens.entrySet().stream()
            .map(each -> each.getKey() + "=" + each.getValue())
            .collect(Collectors.joining("&", "#", ""));
  }

  private static String json(Map<String, Object> state, Map<String, String> tokens) {
    Map<String, Object> map = new LinkedHashMap<>(state);
    map.put("tokens", tokens);
    return JSONObjectUtils.toJSONString(map);
  }

  private String text(StackState state, Map<String, String> tokens) {
    String logs = state.logs().values().stream().map(Path::toString).collect(Collectors.joining("\n           "));
    return """

        Parley is up. Every message that is acknowledged is on disk (sync: %1$s).

          edge     %2$s (TLS; trust %3$s)
          routers  %4$s
          phones   %11$s/ (what pushes would show)
          broker   %5$s
          metrics  %12$s%13$s
          logs     %6$s

        %9$s
        Alice and Bob side by side in a browser, which will ask whether you trust this machine's certificate:
          %10$s

        Next:
          ./parley chat bob --as alice%7$s     in one terminal, and
          ./parley chat alice --as bob%7$s     in another
          ./parley token carol%7$s             a token for anybody else
          ./parley phone --as bob%7$s          a phone for Bob, which gets pushes while he is away
          ./parley doctor%7$s                  when something seems wrong
          grpcurl -cacert %3$s -H "authorization: Bearer $(./parley token alice%7$s)" %2$s list
          docs/grpcurl.md                  goes on from there

        %8$s"""
        .formatted(
            sync,
            state.edge(),
            state.caFile(),
            String.join("\n           ", state.routers().values()),
            state.natsUrl(),
            logs,
            data.option(),
            detach ? "Stop it with ./parley down" + data.option() + "." : "Stop it with Ctrl-C.",
            text(tokens),
            page(state.page(), tokens),
            state.phones(),
            noMetrics
                ? "none"
                : state.admin().values().stream()
                    .map(address -> "http://" + address + "/metrics")
                    .collect(Collectors.joining("\n           ")),
            observers(state.observe()));
  }

  private static String observers(Map<String, String> observe) {
    return observe.isEmpty()
        ? ""
        : "\n  watch    %s (Prometheus; docs/telemetry.md has questions to ask it)\n           %s (traces)"
            .formatted(observe.get("prometheus"), observe.get("traces"));
  }

  private String memoryText(MemoryStack stack, Map<String, String> tokens) {
    return """

        Parley is up in one process. What is said here is forgotten when it ends.

          router   %1$s (plaintext)
          phones   %5$s/ (what pushes would show)

        %2$s
        Alice and Bob side by side in a browser:
          %4$s

        Next:
          ./parley chat bob --as alice --direct --address %1$s%3$s     in one terminal, and
          ./parley chat alice --as bob --direct --address %1$s%3$s     in another
          grpcurl -plaintext -H "authorization: Bearer $(./parley token alice%3$s)" %1$s list

        Stop it with Ctrl-C."""
        .formatted(stack.address(), text(tokens), data.option(), page(stack.page(), tokens), stack.phones());
  }

  private static String text(Map<String, String> tokens) {
    StringBuilder text = new StringBuilder("Tokens for 24 hours:\n");
    tokens.forEach((user, token) -> text.append("  %-8s %s\n".formatted(user, token)));
    return text.toString();
  }
}
