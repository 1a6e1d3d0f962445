package dev.parley.cli;

import dev.parley.cli.stack.Leftovers;
import dev.parley.cli.stack.StackState;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code parley down}: ends what {@code parley up} started; data stays. */
@Command(
    name = "down",
    description = "Stops what 'up' started. Data, keys and certificates stay.",
    mixinStandardHelpOptions = true)
final class DownCommand implements Callable<Integer> {
  /** The router may take its time to hand its streams over; the rest is quick. */
  private static final int PATIENCE_SECONDS = 60;

  @Mixin private DataDirectory data = new DataDirectory();

  @Override
  public Integer call() throws IOException {
    Optional<StackState> state = StackState.read(data.path());
    Optional<ProcessHandle> up =
        state.filter(s -> !s.detached()).flatMap(s -> s.up().running());
    if (up.isPresent()) {
      // It stops its parts itself.
      up.get().destroy();
      await(up.get());
      System.out.println("stopped");
    } else {
      System.out.println(Leftovers.stop(data.path()) ? "stopped" : "nothing runs here");
    }
    return 0;
  }

  private static void await(ProcessHandle up) {
    try {
      up.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new CommandFailure("'up' (pid " + up.pid() + ") does not end; look into its terminal", e);
    } catch (java.util.concurrent.ExecutionException e) {
      throw new CommandFailure("cannot wait for 'up' (pid " + up.pid() + "): " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailure("interrupted while waiting for 'up' (pid " + up.pid() + ")", e);
    }
  }
}
