package dev.parley.cli;

import dev.parley.sdk.ParleyException;
import dev.parley.sdk.SessionOptions;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command that talks to an installation, and says in one line why it could not. */
abstract class ClientCommand implements Callable<Integer> {
  @Mixin private ConnectOptions connect = new ConnectOptions();

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before the command runs.
  private CommandSpec spec;

  @Override
  public final Integer call() throws IOException {
    try {
      return run(connect, out());
    } catch (ParleyException | CompletionException | StatusRuntimeException refused) {
      throw new CommandFailure(String.valueOf(ParleyException.of(refused).getMessage()), refused);
    } catch (IllegalArgumentException | IllegalStateException unusable) {
      throw new CommandFailure(String.valueOf(unusable.getMessage()), unusable);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new CommandFailure("interrupted", interrupted);
    }
  }

  /** Does it and gives the exit code. */
  abstract int run(ConnectOptions connect, PrintWriter out) throws IOException, InterruptedException;

  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** A device of its own for each run, so that two terminals of one user do not displace each other. */
  static SessionOptions device() {
    return SessionOptions.forDevice("cli-" + UUID.randomUUID()).withClient("parley-cli");
  }
}
