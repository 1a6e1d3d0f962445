package dev.parley.cli;

import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.parts.Parts;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The command line as users run it: in a process of its own. */
final class Cli implements AutoCloseable {
  private static final int SECONDS = 120;

  private final Process process;
  private final Path errors;

  private Cli(Process process, Path errors) {
    this.process = process;
    this.errors = errors;
  }

  static Cli start(Path data, String... arguments) throws IOException {
    Path target = Parts.findHome().resolve("cli/target");
    Files.createDirectories(target.resolve("class-archives"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dparley.home=" + Parts.findHome()));
    command.addAll(List.of("-XX:+AutoCreateSharedArchive", "-Xlog:cds*=off", "-Dparley.log.level=WARN"));
    command.add("-XX:SharedArchiveFile=" + target.resolve("class-archives/tests.jsa"));
    command.addAll(List.of("-cp", target.resolve("lib") + "/*:" + jar(target)));
    command.add("dev.parley.cli.Main");
    command.addAll(List.of(arguments));
    command.add("--data=" + data);
    Path errors = Files.createTempFile(data, "stderr", ".txt");
    return new Cli(new ProcessBuilder(command).redirectError(errors.toFile()).start(), errors);
  }

  private static Path jar(Path target) throws IOException {
    try (DirectoryStream<Path> jars = Files.newDirectoryStream(target, "parley-cli-*.jar")) {
      return jars.iterator().next();
    }
  }

  /** The JSON object that {@code up --json} prints when everything is ready. */
  Map<String, Object> readJson() throws IOException, ParseException {
    return JSONObjectUtils.parse(readLine());
  }

  /** A line on its standard input, as typed. */
  void type(String line) throws IOException {
    Writer input = process.outputWriter(StandardCharsets.UTF_8);
    input.write(line + "\n");
    input.flush();
  }

  /** The next line of its output; waits for it, until the process is killed since there was none. */
  String readLine() throws IOException {
    CompletableFuture<Void> limit =
        CompletableFuture.runAsync(
            process::destroyForcibly, CompletableFuture.delayedExecutor(SECONDS, TimeUnit.SECONDS));
    String line = process.inputReader(StandardCharsets.UTF_8).readLine();
    if (line == null) {
      throw new AssertionError((limit.isDone() ? "no line within " + SECONDS + " s: " : "it ended: ") + errors());
    }
    limit.cancel(false);
    return line;
  }

  /** Waits until it has said this on standard error. */
  void awaitError(String text) {
    await(text).atMost(Duration.ofSeconds(SECONDS)).until(() -> errors().contains(text));
  }

  int exit() throws InterruptedException {
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      throw new AssertionError("still runs after " + SECONDS + " s");
    }
    return process.exitValue();
  }

  String output() throws IOException {
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  String errors() throws IOException {
    return Files.readString(errors);
  }

  /** As kill -9. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** As Ctrl-C or SIGTERM. */
  void signal() {
    process.destroy();
  }

  /** Runs a command to its end. */
  static Cli run(Path data, String... arguments) throws IOException, InterruptedException {
    Cli cli = start(data, arguments);
    cli.exit();
    return cli;
  }

  @Override
  public void close() {
    process.destroy();
  }
}
