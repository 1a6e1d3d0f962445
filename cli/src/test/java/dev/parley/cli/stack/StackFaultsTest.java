package dev.parley.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StackFaultsTest {
  private static final String SPANS = "http://127.0.0.1:4318/v1/traces";

  @TempDir Path data;

  /** What a router is started with by whoever makes faults, after {@code up} has written down that stack. */
  private List<String> told(boolean metrics, Map<String, String> observe) throws Exception {
    Map<String, String> router = new LinkedHashMap<>(Map.of("router-1", "127.0.0.1:1"));
    new StackState(
            "localhost:2", data, router, router, "nats://127.0.0.1:3", "http://127.0.0.1:4", "redis://127.0.0.1:5",
            "127.0.0.1:6", "127.0.0.1:7", "127.0.0.1:8", "http://127.0.0.1:9", router, observe, metrics, "always", true,
            ProcessRef.of(ProcessHandle.current()), Map.of(), Map.of())
        .write(data);
    LinkSecret.in(data);
    BrokerLogins.in(data);
    return StackFaults.router(data, StackState.read(data).orElseThrow(), "router-1").more();
  }

  @Test
  void aRouterThatComesBackTellsOfItselfWhatItToldBefore() throws Exception {
    List<String> before = new Watched(true, SPANS).router();
    assertThat(before).contains("--parley.router.trace.endpoint=" + SPANS, "--parley.router.trace.ratio=1");

    assertThat(told(true, Map.of("collector", SPANS))).isEqualTo(before);
    assertThat(told(true, Map.of())).isEmpty();
    assertThat(told(false, Map.of())).containsExactly("--parley.router.metrics.scrape=false");
  }
}
