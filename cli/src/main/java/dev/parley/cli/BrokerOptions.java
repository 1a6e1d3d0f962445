package dev.parley.cli;

import dev.parley.cli.stack.BrokerLogins;
import dev.parley.cli.stack.StackState;
import dev.parley.conversation.jetstream.JetStreamBackup;
import dev.parley.conversation.jetstream.JetStreamSettings;
import dev.parley.conversation.jetstream.JetStreamSettings.Login;
import dev.parley.conversation.log.LogException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options by which a command finds a deployment's broker; a mixin of the commands. */
public final class BrokerOptions {
  @Mixin private DataDirectory data = new DataDirectory();

  @Option(names = "--nats", paramLabel = "URL",
      description = "The broker. Default: the one that `parley up` has started here.")
  private @Nullable String nats;

  @Option(names = "--nats-user", paramLabel = "USER",
      description = "With the password in the environment variable PARLEY_NATS_PASSWORD.")
  private @Nullable String user;

  /** What copies its streams. */
  JetStreamBackup backup() throws IOException {
    try {
      return JetStreamBackup.open(settings());
    } catch (LogException e) {
      throw new CommandFailure(String.valueOf(e.getMessage()), e);
    }
  }

  private JetStreamSettings settings() throws IOException {
    JetStreamSettings settings = new JetStreamSettings(nats == null ? here() : nats);
    if (user != null) {
      String password = System.getenv("PARLEY_NATS_PASSWORD");
      if (password == null) {
        throw new CommandFailure("set PARLEY_NATS_PASSWORD to the password of " + user);
      }
      return settings.withLogin(user, password);
    }
    if (nats == null) {
      Login operator = BrokerLogins.operator(data.path());
      return settings.withLogin(operator.user(), operator.password());
    }
    return settings;
  }

  private String here() throws IOException {
    return StackState.read(data.path())
        .map(StackState::natsUrl)
        .orElseThrow(() -> new CommandFailure(
            "nothing runs in " + data.path() + ": start Parley with ./parley up, or name the broker with --nats URL"));
  }
}
