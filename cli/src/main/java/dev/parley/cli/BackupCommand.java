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

/** {@code parley backup DIR}: copies everything that is stored, while people go on. */
@Command(
    name = "backup",
    description = "Copies all that is stored at the broker to a new directory, while people go on.",
    mixinStandardHelpOptions = true)
final class BackupCommand implements Callable<Integer> {
  @Mixin private BrokerOptions broker = new BrokerOptions();

  @Parameters(paramLabel = "DIR", description = "Where to: a directory that is empty or does not exist.")
  private Path directory = Path.of("");

  @Override
  public Integer call() throws IOException {
    try (JetStreamBackup source = broker.backup()) {
      long bytes = new BackupDirectory(directory).save(source, System.out::println);
      System.out.println("backed up " + bytes + " bytes to " + directory);
      return 0;
    } catch (LogException e) {
      throw new CommandFailure("not backed up: " + e.getMessage(), e);
    }
  }
}
