package dev.parley.cli;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.auth.TokenSigner;
import dev.parley.chassis.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code parley token}: a token of the local installation, alone on standard output. */
@Command(
    name = "token",
    description = "Prints a token for a user of the installation on this machine.",
    mixinStandardHelpOptions = true)
final class TokenCommand implements Callable<Integer> {
  @Mixin private DataDirectory data = new DataDirectory();

  @Parameters(paramLabel = "USER", description = "The user's id: 1 to 128 bytes.")
  private String user = "";

  @Option(names = "--name", paramLabel = "NAME", description = "The name that others see.")
  private @Nullable String name;

  @Option(names = "--operator", description = "For the calls of operators: explain, revoke, drain, stats, dead letters and webhooks.")
  private boolean operator;

  @Option(names = "--ttl", paramLabel = "TIME", defaultValue = "24h", description = "How long it is valid (24h).")
  private String ttl = "24h";

  @Override
  public Integer call() throws IOException {
    Path keys = data.path().resolve("keys");
    if (!Files.exists(keys.resolve("key.jwk"))) {
      throw new CommandFailure("there are no keys in " + keys + ": start Parley once with ./parley up");
    }
    Instant expires;
    try {
      expires = Instant.now().plus(Settings.duration(ttl));
    } catch (IllegalArgumentException e) {
      throw new CommandFailure("--ttl cannot be '" + ttl + "': " + e.getMessage(), e);
    }
    TokenSigner signer = DevKeys.in(keys).signer();
    System.out.println(operator ? signer.signOperator(user, expires) : signer.sign(user, name, expires));
    return 0;
  }
}
