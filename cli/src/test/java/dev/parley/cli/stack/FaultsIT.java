package dev.parley.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.bench.Bench;
import dev.parley.bench.BenchOptions;
import dev.parley.bench.BenchResult;
import dev.parley.sdk.ParleyEndpoint;
import dev.parley.sdk.TokenSource;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parts die under load; the bench's checker reads every client's history and the log. */
class FaultsIT {
  private static final int RATE = 300;

  @TempDir Path data;

  /** Something that happens to the stack. */
  private interface Fault {
    void happen(LiveStack parley) throws Exception;
  }

  @Test
  void nothingAcknowledgedIsLostDoubledOrReorderedWhateverDies() throws Exception {
    try (LiveStack parley = new LiveStack(data)) {
      BenchResult result =
          underLoad(
              parley,
              List.of(
                  LiveStack::crashRouter,
                  LiveStack::crashBroker,
                  LiveStack::replaceRouter,
                  // Three seconds hung: longer than an append may take.
                  stack -> stack.nats().pause(),
                  stack -> stack.nats().resume(),
                  LiveStack::crashRouter,
                  LiveStack::crashBroker));
      assertNothingMissing(result);
    }
  }

  @Test
  void aRouterThatHungForThreeSecondsHasLostDoubledAndReorderedNothing() throws Exception {
    try (LiveStack parley = new LiveStack(data)) {
      long pid = parley.router().pid();
      BenchResult result =
          underLoad(parley, List.of(stack -> stack.router().pause(), stack -> stack.router().resume()));
      assertNothingMissing(result);
      assertThat(parley.router().isAlive()).isTrue();
      assertThat(parley.router().pid()).isEqualTo(pid);
    }
  }

  private static void assertNothingMissing(BenchResult result) {
    assertThat(result.lost()).as("lost").isZero();
    assertThat(result.duplicated()).as("duplicated").isZero();
    assertThat(result.reordered()).as("reordered").isZero();
    assertThat(result.gaps()).as("gaps").isZero();
    assertThat(result.acked()).as("acknowledged of " + result.sent()).isEqualTo(result.sent());
  }

  /** Runs a load and lets the faults happen one after the other, three seconds of load apart. */
  private static BenchResult underLoad(LiveStack parley, List<Fault> faults) throws Exception {
    BenchOptions options =
        new BenchOptions(
            BenchOptions.Mode.PAIRS,
            RATE,
            Duration.ofSeconds(3L * faults.size() + 6),
            Duration.ofSeconds(1),
            20,
            128,
            1,
            0,
            false,
            Duration.ofSeconds(60));
    BlockingQueue<String> seconds = new LinkedBlockingQueue<>();
    try (ParleyEndpoint edge = parley.edge();
        PrintStream progress = new PrintStream(new Lines(seconds), true, StandardCharsets.UTF_8)) {
      Bench bench =
          new Bench(
              options,
              edge,
              user -> TokenSource.fixed(parley.token(user, Duration.ofHours(1))),
              Map.of("router", parley.router().pid()),
              progress);
      FutureTask<BenchResult> result = new FutureTask<>(bench::run);
      Thread.ofPlatform().daemon().name("bench").start(result);
      for (Fault fault : faults) {
        for (int i = 0; i < 3; i++) {
          assertThat(seconds.poll(30, TimeUnit.SECONDS)).as("a line of progress").isNotNull();
        }
        fault.happen(parley);
      }
      return result.get(180, TimeUnit.SECONDS);
    }
  }

  /** Collects whole lines. */
  private static final class Lines extends OutputStream {
    private final BlockingQueue<String> lines;
    private final StringBuilder line = new StringBuilder();

    Lines(BlockingQueue<String> lines) {
      this.lines = lines;
    }

    @Override
    public synchronized void write(int b) {
      if (b == '\n') {
        System.err.println(line);
        lines.add(line.toString());
        line.setLength(0);
      } else {
        line.append((char) b);
      }
    }
  }
}
