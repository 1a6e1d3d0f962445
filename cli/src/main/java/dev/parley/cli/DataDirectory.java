package dev.parley.cli;

import dev.parley.parts.Parts;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that says where a local installation keeps its keys, data and logs; a mixin of the commands. */
public final class DataDirectory {
  @Option(names = "--data", paramLabel = "DIR", description = "Keys, data and logs of the installation (.parley).")
  private @Nullable Path data;

  /** How a command finds the same directory: an option to put behind it, or nothing if that is the default. */
  String option() {
    return data == null ? "" : " --data " + path();
  }

  /** The directory: the one named, else {@code .parley} beside the launcher. */
  public Path path() {
    return (data == null ? Parts.findHome().resolve(".parley") : data).toAbsolutePath().normalize();
  }
}
