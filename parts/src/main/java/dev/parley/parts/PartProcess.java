package dev.parley.parts;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A running part. It is recorded in a pid file, so that a later start, or {@link #stopRecorded}, ends what a killed
 * parent left behind.
 *
 * <p>Thread-safe.
 */
public final class PartProcess implements AutoCloseable {
  /** How long a part may take to end after SIGTERM before it is killed. */
  public static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

  private static final Duration PROBE_INTERVAL = Duration.ofMillis(20);
  private static final String OWN_SESSION = "import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])";
  private static final int LOG_LINES = 12;
  private static final int LOG_BYTES = 8 * 1024;

  private final Launch launch;
  private final Process process;

  private PartProcess(Launch launch, Process process) {
    this.launch = launch;
    this.process = process;
  }

  /**
   * What to start.
   *
   * @param name names the pid file and the messages
   * @param command the program's path and its arguments
   * @param workDirectory is made when missing; has the pid file
   * @param logFile output is appended to it
   * @param environment in addition to our own
   * @param outlivesUs whether it stays when this JVM ends
   */
  public record Launch(
      String name,
      List<String> command,
      Path workDirectory,
      Path logFile,
      Map<String, String> environment,
      boolean outlivesUs) {
    public Launch {
      command = List.copyOf(command);
      environment = Map.copyOf(environment);
    }

    private Path pidFile() {
      return pidFileOf(workDirectory, name);
    }
  }

  /** Starts a part, after ending one that an earlier start in this directory left running. */
  public static PartProcess start(Launch launch) {
    List<String> command = new ArrayList<>(launch.command());
    if (launch.outlivesUs()) {
      // In our session a terminal would end it with SIGHUP when it is closed, and with SIGINT, beside us and in no
      // order, at Ctrl-C. Python replaces itself with the program: same pid.
      command.addAll(0, List.of("python3", "-c", OWN_SESSION));
    }
    try {
      Files.createDirectories(launch.workDirectory());
      stopRecorded(launch.workDirectory(), launch.name());
      ProcessBuilder builder = new ProcessBuilder(command)
          .directory(launch.workDirectory().toFile())
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(launch.logFile().toFile()))
          .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
      builder.environment().putAll(launch.environment());
      PartProcess started = new PartProcess(launch, builder.start());
      Files.writeString(launch.pidFile(), PidRecord.of(started.process.toHandle()).toString());
      if (!launch.outlivesUs()) {
        ChildProcesses.endWithUs(started.process);
      }
      return started;
    } catch (IOException e) {
      throw new PartException("cannot start " + launch.name() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Ends the part that was started under this name in this directory, by whichever process, if it still runs.
   *
   * @return whether there was one
   */
  public static boolean stopRecorded(Path workDirectory, String name) {
    Path pidFile = pidFileOf(workDirectory, name);
    try {
      if (!Files.exists(pidFile)) {
        return false;
      }
      var left = PidRecord.parse(Files.readString(pidFile)).running();
      left.ifPresent(handle -> end(handle, STOP_TIMEOUT));
      Files.deleteIfExists(pidFile);
      return left.isPresent();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path pidFileOf(Path workDirectory, String name) {
    return workDirectory.resolve(name + ".pid");
  }

  /** The process's id. */
  public long pid() {
    return process.pid();
  }

  /** Where its output goes. */
  public Path logFile() {
    return launch.logFile();
  }

  /** Whether it runs (a paused one does). */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Completed with the exit status when it has ended. */
  public CompletableFuture<Integer> onExit() {
    return process.onExit().thenApply(Process::exitValue);
  }

  /** Waits until the probe says true. Fails with the end of the log, at once when the process dies, else after the time. */
  public void awaitReady(BooleanSupplier probe, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!probe.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw failure("is not ready after " + timeout.toSeconds() + " s");
      }
      try {
        if (process.waitFor(PROBE_INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
          throw failure("died with status " + process.exitValue());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new PartException("interrupted while waiting for " + launch.name(), e);
      }
    }
  }

  private PartException failure(String what) {
    return new PartException(launch.name() + " " + what + "; its log, " + logFile() + ", ends with:\n" + logEnd());
  }

  private String logEnd() {
    try (var file = Files.newByteChannel(logFile())) {
      file.position(Math.max(0, file.size() - LOG_BYTES));
      var bytes = Channels.newInputStream(file).readNBytes(LOG_BYTES);
      List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
      return String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
    } catch (IOException e) {
      return "(cannot be read: " + e.getMessage() + ")";
    }
  }

  /** Ends it gently, with SIGTERM, and kills it when it has not ended after {@link #STOP_TIMEOUT}. */
  public void stop() {
    end(process.toHandle(), STOP_TIMEOUT);
    forget();
  }

  /** Ends it with SIGKILL, as a crash would, and waits until it is gone. */
  public void kill() {
    process.destroyForcibly();
    process.onExit().join();
    forget();
  }

  /** Stops its execution (SIGSTOP): it looks hung to everyone. */
  public void pause() {
    signal("STOP");
  }

  /** Lets it go on after {@link #pause}. */
  public void resume() {
    signal("CONT");
  }

  /** As {@link #stop}. */
  @Override
  public void close() {
    stop();
  }

  private void signal(String name) {
    try {
      int status = new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor();
      if (status != 0) {
        throw new PartException("could not send SIG" + name + " to " + launch.name());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PartException("interrupted while sending SIG" + name, e);
    }
  }

  private void forget() {
    try {
      Files.deleteIfExists(launch.pidFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void end(ProcessHandle handle, Duration patience) {
    CompletableFuture<ProcessHandle> ended = handle.onExit();
    handle.destroy();
    try {
      ended.orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS).join();
    } catch (CompletionException timeout) {
      handle.destroyForcibly();
      handle.onExit().join();
    }
  }
}
