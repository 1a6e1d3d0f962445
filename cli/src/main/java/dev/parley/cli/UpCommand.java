package dev.parley.cli;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.auth.TokenSigner;
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
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code parley up}: an installation on this machine, from nothing to ready. */
@Command(
    name = "up",
    description = "Starts the broker, a router and the edge on this machine, and says how to use them.",
    mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {
  private static final Duration TOKEN_LIFE = Duration.ofHours(24);

  @Mixin private DataDirectory data = new DataDirectory();

  @Option(names = "--detach", description = "Return when everything is ready; ./parley down stops it.")
  private boolean detach;

  @Option(names = "--json", description = "Print one JSON object instead of text.")
  private boolean json;

  @Option(names = "--edge-port", paramLabel = "N", description = "Port for clients (8443 if free, else a free one).")
  private int edgePort;

  @Option(names = "--router-port", paramLabel = "N", description = "Port of the router (8700 if free, else a free one).")
  private int routerPort;

  @Option(names = "--nats-port", paramLabel = "N", description = "Port of the broker (4222 if free, else a free one).")
  private int natsPort;

  @Option(
      names = "--sync",
      paramLabel = "WHEN",
      defaultValue = "always",
      description = "When the broker flushes to disk: 'always', or a time such as 1s (faster; a power cut loses it).")
  private String sync = "always";

  @Override
  public Integer call() throws IOException {
    Path directory = data.path();
    Stack stack =
        Stack.start(
            new StackSettings(directory, detach, edgePort, routerPort, natsPort, sync),
            line -> System.err.println("parley: " + line));
    StackState state = stack.state();
    TokenSigner signer = DevKeys.in(directory.resolve("keys")).signer();
    String alice = signer.sign("alice", "Alice", Instant.now().plus(TOKEN_LIFE));
    String bob = signer.sign("bob", "Bob", Instant.now().plus(TOKEN_LIFE));
    System.out.println(json ? json(state, alice, bob) : text(state, alice, bob));
    if (detach) {
      stack.detach();
      return 0;
    }
    return watch(stack);
  }

  /** Until a part dies, or a signal comes: the JVM then runs the hook, and the process ends with its status. */
  private static int watch(Stack stack) throws IOException {
    AtomicBoolean stopped = new AtomicBoolean();
    Thread hook =
        Thread.ofPlatform()
            .unstarted(
                () -> {
                  stopped.set(true);
                  System.err.println("parley: stopping");
                  try {
                    stack.close();
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                  // The signal was a wish, not a failure.
                  Runtime.getRuntime().halt(0);
                });
    Runtime.getRuntime().addShutdownHook(hook);
    String death = stack.partDied().join();
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

  private static String json(StackState state, String alice, String bob) {
    Map<String, Object> map = new LinkedHashMap<>(state.toMap());
    map.put("tokens", Map.of("alice", alice, "bob", bob));
    return JSONObjectUtils.toJSONString(map);
  }

  private String text(StackState state, String alice, String bob) {
    return """

        Parley is up. Every message that is acknowledged is on disk (sync: %s).

          edge     %s   (TLS; trust %s)
          router   %s
          broker   %s
          logs     %s

        Tokens for 24 hours:
          alice    %s
          bob      %s

        Next:
          ./parley chat alice                  in one terminal, and
          ./parley chat bob                    in another
          ./parley token carol                 a token for anybody else
          ./parley doctor                      when something seems wrong
          grpcurl -cacert %s -H "authorization: Bearer $(./parley token alice)" %s list
        %s"""
        .formatted(
            sync,
            state.edge(),
            state.caFile(),
            state.router(),
            state.natsUrl(),
            String.join(" ", state.logs().values().stream().map(Path::toString).toList()),
            alice,
            bob,
            state.caFile(),
            state.edge(),
            detach ? "Stop it with ./parley down." : "Stop it with Ctrl-C.");
  }
}
