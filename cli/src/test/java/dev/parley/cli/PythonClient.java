package dev.parley.cli;

import dev.parley.parts.PartException;
import dev.parley.parts.Parts;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The Python client, generated as a partner generates it, and programs that use it. */
final class PythonClient {
  private static final int SECONDS = 120;
  private static final String INTERPRETER = "python3";

  private final Path sdk = Parts.findHome().resolve("sdk");
  private final Path directory;
  private String pythonPath = "";

  /** Generates it into a directory in {@code directory}, where the programs' output goes too. */
  PythonClient(Path directory) throws IOException, InterruptedException {
    this.directory = directory;
    Result generated = run(List.of(
        INTERPRETER, sdk.resolve("generate.py").toString(),
        "--home=" + Parts.findHome(), "--out=" + directory.resolve("client")));
    if (generated.status() != 0) {
      throw new AssertionError("sdk/generate.py: " + generated.errors());
    }
    pythonPath = generated.output().lines()
        .map(line -> line.substring(line.indexOf('=') + 1))
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** How a program ended and what it said. */
  record Result(int status, String output, String errors) {}

  /** Starts a program of {@code sdk/python}, which the caller ends. What it says goes to a file beside the client. */
  Process start(String script, Map<String, String> environment, String... arguments) {
    ProcessBuilder builder = new ProcessBuilder(command(script, arguments));
    builder.environment().put("PYTHONPATH", pythonPath);
    builder.environment().putAll(environment);
    Path log = directory.resolve(Path.of(script).getFileName() + ".log");
    return started(builder.redirectErrorStream(true).redirectOutput(log.toFile()));
  }

  /** A program of {@code sdk/python} as a command. */
  List<String> command(String script, String... arguments) {
    List<String> command = new ArrayList<>(List.of(INTERPRETER, sdk.resolve("python").resolve(script).toString()));
    command.addAll(List.of(arguments));
    return command;
  }

  /** Runs a command to its end, with the client at hand. */
  Result run(List<String> command) throws IOException, InterruptedException {
    Path output = Files.createTempFile(directory, "stdout", ".txt");
    Path errors = Files.createTempFile(directory, "stderr", ".txt");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("PYTHONPATH", pythonPath);
    Process process = started(builder.redirectOutput(output.toFile()).redirectError(errors.toFile()));
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(command + " still runs after " + SECONDS + " s: " + Files.readString(errors));
    }
    return new Result(process.exitValue(), Files.readString(output), Files.readString(errors));
  }

  /** Runs the client's own tests. */
  Result runTests() throws IOException, InterruptedException {
    return run(List.of(INTERPRETER, "-m", "unittest", "discover", "-s", sdk.resolve("python/tests").toString()));
  }

  private static Process started(ProcessBuilder builder) {
    try {
      return builder.start();
    } catch (IOException e) {
      throw new PartException(
          builder.command().getFirst() + " is missing: install Python 3.10 or newer with pip", e);
    }
  }
}
