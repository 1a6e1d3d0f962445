package dev.parley.chassis.server;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a program: on SIGTERM, SIGINT or {@link #stop} the registered steps run, the newest first, within a
 * deadline; then the process ends with a code that says how it went. Thread-safe.
 *
 * <p>Exit codes: 0 all steps went well; 1 a step failed, or the program ended by a fault; 2 the deadline passed.
 */
public final class Lifecycle {
  private static final Logger LOG = LoggerFactory.getLogger(Lifecycle.class);

  private final Duration deadline;
  private final Deque<Step> steps = new ArrayDeque<>();
  private final CompletableFuture<Integer> asked = new CompletableFuture<>();

  private record Step(String name, AutoCloseable action) {}

  /** With the time that all steps together may take. */
  public Lifecycle(Duration deadline) {
    this.deadline = deadline;
  }

  /** Registers what is to be done at the end, before everything registered earlier. */
  public void onStop(String name, AutoCloseable action) {
    synchronized (steps) {
      steps.push(new Step(name, action));
    }
  }

  /** Asks for the end because of a fault; {@link #await} returns. */
  public void fail(String why, Throwable cause) {
    LOG.error("stopping: {}", why, cause);
    asked.complete(1);
  }

  /** Asks for the end; {@link #await} returns. */
  public void stop() {
    asked.complete(0);
  }

  /**
   * Waits until somebody asks for the end, and ends the process. Does not return. A signal has the same effect at any
   * time from this call on.
   */
  public void await() {
    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("stop").unstarted(() -> halt(asked.getNow(0))));
    int code = asked.join();
    // Runs the hook, which halts with the code of the steps.
    System.exit(code);
  }

  /** Halts instead of returning, since the JVM would otherwise report a signal as the exit code of a planned end. */
  private void halt(int asked) {
    Thread.ofPlatform().daemon().name("deadline").start(this::haltAtDeadline);
    int code = Math.max(asked, runSteps());
    LOG.info("stopped with exit code {}", code);
    Runtime.getRuntime().halt(code);
  }

  /** Runs all steps, also after one failed; returns the exit code. */
  int runSteps() {
    int code = 0;
    while (true) {
      Step step;
      synchronized (steps) {
        step = steps.poll();
      }
      if (step == null) {
        return code;
      }
      LOG.info("stopping: {}", step.name());
      try {
        step.action().close();
      } catch (Exception e) {
        LOG.error("could not stop {}", step.name(), e);
        code = 1;
      }
    }
  }

  private void haltAtDeadline() {
    try {
      Thread.sleep(deadline);
      LOG.error("not stopped within {}: giving up", deadline);
      Runtime.getRuntime().halt(2);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
