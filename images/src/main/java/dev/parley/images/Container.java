package dev.parley.images;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process of an image, running as in a container but for the network, which is that of this machine: with the image
 * as its root, read-only, as the image's user, as process 1, with the image's environment and nothing of ours but PATH.
 *
 * <p>Lifecycle: start, then {@link #stop} or {@link #close}. Thread-safe.
 */
public final class Container implements AutoCloseable {
  /** Where files for the process are to be seen: keys, certificates. */
  public static final String FILES = "/etc/parley";

  private static final long PATIENCE_SECONDS = 60;

  /** ROOT FILES TMP USER COMMAND...; no TMP: one in memory, from which nothing can be executed. */
  private static final String SCRIPT =
      """
      root=$1 files=$2 tmp=$3 user=$4
      shift 4
      chroot=$(command -v chroot)
      mount --bind "$root" "$root"
      mount -o remount,bind,ro "$root"
      if [ -n "$tmp" ]; then mount --bind "$tmp" "$root/tmp"
      else mount -t tmpfs -o mode=1777,noexec,nosuid,nodev tmpfs "$root/tmp"; fi
      mount -t proc proc "$root/proc"
      mount --rbind /dev "$root/dev"
      if [ -n "$files" ]; then mount --bind "$files" "$root%s"; fi
      if [ -n "$user" ]; then set -- "$chroot" --userspec="$user" --groups= "$root" "$@"
      else set -- "$chroot" "$root" "$@"; fi
      exec "$@"
      """
          .formatted(FILES);

  private final String name;
  private final Process process;

  private Container(String name, Process process) {
    this.name = name;
    this.process = process;
  }

  /**
   * What is to be started.
   *
   * @param name for messages
   * @param root the image
   * @param jvmArguments put before the others of the JVM
   * @param arguments of the program
   * @param environment beside that of the image
   * @param files a directory to be seen at {@link #FILES}; null: none
   * @param temporary a directory to be seen at /tmp; null: one in memory
   * @param log is written anew
   */
  public record Launch(
      String name,
      ImageRoot root,
      List<String> jvmArguments,
      List<String> arguments,
      Map<String, String> environment,
      @Nullable Path files,
      @Nullable Path temporary,
      Path log) {}

  /** Starts the entry point of an image. */
  public static Container start(Launch launch) {
    List<String> command = new ArrayList<>(List.of("unshare", "--mount", "--pid", "--fork", "--kill-child"));
    if (!ImageRoot.isRoot()) {
      command.add("--map-root-user");
    }
    command.addAll(List.of("sh", "-euc", SCRIPT, "container", launch.root().directory().toString()));
    command.add(text(launch.files()));
    command.add(text(launch.temporary()));
    // Who is not root may be one user only.
    command.add(ImageRoot.isRoot() ? launch.root().user() : "");
    List<String> entryPoint = launch.root().entryPoint();
    command.add(entryPoint.getFirst());
    command.addAll(launch.jvmArguments());
    command.addAll(entryPoint.subList(1, entryPoint.size()));
    command.addAll(launch.arguments());
    Map<String, String> environment = new TreeMap<>(launch.root().environment());
    environment.putAll(launch.environment());
    File log = launch.log().toFile();
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log);
    builder.environment().clear();
    builder.environment().putAll(environment);
    // Where the script finds its commands.
    builder.environment().put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    try {
      return new Container(launch.name(), builder.start());
    } catch (IOException e) {
      throw new ImageException("unshare cannot be run, it comes with util-linux: " + e.getMessage(), e);
    }
  }

  private static String text(@Nullable Path path) {
    return path == null ? "" : path.toAbsolutePath().toString();
  }

  /** Whether it still runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** The process itself, as this machine numbers it. */
  public ProcessHandle handle() {
    return process
        .children()
        .findFirst()
        .orElseThrow(() -> new ImageException(name + " does not run: its log tells why"));
  }

  /** Sends SIGTERM and waits for the end; returns the exit code. */
  public int stop() {
    handle().destroy();
    return awaitEnd();
  }

  /** Waits until it ends by itself; returns the exit code. */
  public int awaitEnd() {
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new ImageException(name + " did not end within " + PATIENCE_SECONDS + " s");
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ImageException("interrupted while waiting for " + name, e);
    }
  }

  /** Kills it if it still runs. */
  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
