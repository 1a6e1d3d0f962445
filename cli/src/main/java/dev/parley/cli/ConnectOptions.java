package dev.parley.cli;

import dev.parley.bench.presence.PresenceBench;
import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.auth.TokenSigner;
import dev.parley.cli.stack.LinkSecret;
import dev.parley.cli.stack.ProcessRef;
import dev.parley.cli.stack.StackState;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyEndpoint;
import dev.parley.sdk.TokenSource;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options by which a command finds an installation and says who it is; a mixin of the commands. */
public final class ConnectOptions {
  private static final Duration TOKEN_LIFE = Duration.ofHours(1);

  @Mixin private DataDirectory data = new DataDirectory();

  @Option(names = "--address", paramLabel = "HOST:PORT",
      description = "Another installation. Default: the one that `parley up` has started here.")
  private @Nullable String address;

  @Option(names = "--ca", paramLabel = "FILE",
      description = "With --address: certificates to trust, in PEM. Default: those of the JDK.")
  private @Nullable Path caFile;

  @Option(names = "--direct", description = "At a router, past the edge, without TLS: without --address the first one.")
  private boolean direct;

  @Option(names = "--token", paramLabel = "JWT",
      description = "Who I am. Default: the environment variable PARLEY_TOKEN.")
  private @Nullable String token;

  @Option(names = {"--as", "--user"}, paramLabel = "USER",
      description = "Who I am, with a token made with the development key of this machine.")
  private @Nullable String user;

  /** A connection as the user whom the options name. */
  ParleyClient client() throws IOException {
    return client(tokens());
  }

  /** A connection as an operator. At the installation of this machine it needs no options. */
  ParleyClient operatorClient() throws IOException {
    boolean withDevelopmentKey = token == null && (user != null || address == null);
    return client(withDevelopmentKey ? operatorTokens() : tokens());
  }

  private ParleyClient client(TokenSource tokens) throws IOException {
    if (address != null) {
      return direct ? ParleyClient.plaintext(address, tokens) : ParleyClient.tls(address, caFile, tokens);
    }
    StackState here = here();
    return direct
        ? ParleyClient.plaintext(here.firstRouter(), tokens)
        : ParleyClient.tls(here.edge(), here.caFile(), tokens);
  }

  /** An endpoint for many users, which the caller closes. */
  ParleyEndpoint endpoint() throws IOException {
    if (address != null) {
      return direct ? ParleyEndpoint.plaintext(address) : ParleyEndpoint.tls(address, caFile);
    }
    StackState here = here();
    return direct ? ParleyEndpoint.plaintext(here.firstRouter()) : ParleyEndpoint.tls(here.edge(), here.caFile());
  }

  /** Makes tokens for any user, with the development key of this machine. */
  Function<String, TokenSource> tokensOfAnybody() throws IOException {
    TokenSigner signer = signer();
    return userId ->
        () -> CompletableFuture.completedFuture(signer.sign(userId, userId, Instant.now().plus(TOKEN_LIFE)));
  }

  /** Makes tokens for an operator, likewise. */
  TokenSource operatorTokens() throws IOException {
    TokenSigner signer = signer();
    String operator = userOr("operator");
    return () -> CompletableFuture.completedFuture(signer.signOperator(operator, Instant.now().plus(TOKEN_LIFE)));
  }

  private TokenSigner signer() throws IOException {
    Path keys = data.path().resolve("keys");
    if (!Files.exists(keys.resolve("key.jwk"))) {
      throw new CommandFailure("there are no keys in " + keys + ": start Parley once with ./parley up");
    }
    return DevKeys.in(keys).signer();
  }

  /** Where the local installation keeps its files. */
  Path directory() {
    return data.path();
  }

  /** The ids of the processes that {@code parley up} has started here, by name; none with --address. */
  Map<String, Long> pids() throws IOException {
    Map<String, Long> pids = new TreeMap<>();
    if (address == null) {
      here().processes().forEach((String name, ProcessRef process) -> pids.put(name, process.pid()));
    }
    return pids;
  }

  /** Where the push lab that {@code parley up} has started here shows its phones. */
  String phones() throws IOException {
    return here().phones();
  }

  /** The user whom the options name by id. */
  String userOr(String other) {
    return user == null ? other : user;
  }

  /** For the presence that {@code parley up} has started here. */
  PresenceBench presenceBench(PrintStream progress) throws IOException {
    return new PresenceBench(here().presence(), LinkSecret.read(data.path()), pids(), progress);
  }

  private StackState here() throws IOException {
    return StackState.read(data.path())
        .orElseThrow(() -> new CommandFailure(
            "nothing runs in " + data.path() + ": start Parley with ./parley up, or name an --address"));
  }

  private TokenSource tokens() throws IOException {
    if (token != null) {
      return TokenSource.fixed(token);
    }
    if (user != null) {
      return tokensOfAnybody().apply(user);
    }
    String fromEnvironment = System.getenv("PARLEY_TOKEN");
    if (fromEnvironment != null && !fromEnvironment.isBlank()) {
      return TokenSource.fixed(fromEnvironment.strip());
    }
    throw new CommandFailure("who are you? Say --as USER, --token JWT or set PARLEY_TOKEN");
  }
}
