package dev.parley.cli;

import dev.parley.cli.backup.BackupDirectory;
import dev.parley.conversation.jetstream.JetStreamBackup;
import dev.parley.conversation.log.LogException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code parley restore DIR}: puts a backup into an empty broker. */
@Command(
    name = "restore",
    description = "Puts what 'backup' has copied into a broker that holds nothing. Routers must not run yet.",
    mixinStandardHelpOptions = true)
final class RestoreCommand implements Callable<Integer> {
  @Mixin private BrokerOptions broker = new BrokerOptions();

  @Parameters(paramLabel = "DIR", description = "The directory of the backup.")
  private Path directory = Path.of("");

  @Override
  public Integer call() throws IOException {
    try (JetStreamBackup target = broker.backup()) {
      int streams = new BackupDirectory(directory).restore(target, System.out::println);
      System.out.println("restored " + streams + " streams from " + directory + "; start the routers now");
      return 0;
    } catch (LogException e) {
      throw new CommandFailure(
          "not restored: " + e.getMessage() + "; empty the broker before you try again", e);
    }
  }
}
