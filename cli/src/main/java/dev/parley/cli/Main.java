package dev.parley.cli;

import dev.parley.chassis.config.SettingsException;
import dev.parley.parts.PartException;
import java.io.IOException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParseResult;

/**
 * The command line {@code parley}. A command is a {@code Callable<Integer>} that returns the exit status; it is
 * registered here.
 *
 * <p>Exit status: 0 done; 1 could not be done, with one line on standard error that says what to do; 2 wrong arguments.
 */
@Command(
    name = "parley",
    description = "Runs Parley on this machine and talks through it.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    subcommands = {
      UpCommand.class,
      DownCommand.class,
      DoctorCommand.class,
      TokenCommand.class,
      ChatCommand.class,
      SendCommand.class,
      TailCommand.class,
      PhoneCommand.class,
      BackupCommand.class,
      RestoreCommand.class,
      ExplainCommand.class,
      RevokeCommand.class,
      DrainCommand.class,
      StatsCommand.class,
      BenchCommand.class
    },
    synopsisSubcommandLabel = "COMMAND")
public final class Main {
  private Main() {}

  /** Runs one command and ends the process with its status. */
  public static void main(String[] args) {
    System.exit(execute(args));
  }

  /** Runs one command and returns its status. */
  public static int execute(String... args) {
    CommandLine line = new CommandLine(new Main());
    line.setExecutionExceptionHandler(Main::explain);
    if (args.length == 0) {
      line.usage(System.out);
      return CommandLine.ExitCode.USAGE;
    }
    return line.execute(args);
  }

  /** One line for what a user can mend; all of it for what only we can. */
  private static int explain(Exception e, CommandLine line, ParseResult ignored) throws Exception {
    if (e instanceof CommandFailure || e instanceof PartException || e instanceof SettingsException) {
      System.err.println("parley: " + e.getMessage());
    } else if (e instanceof IOException) {
      System.err.println("parley: " + e);
    } else {
      throw e;
    }
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** The version that the jar was built as. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {"parley " + (version == null ? "(not packaged)" : version)};
    }
  }
}
