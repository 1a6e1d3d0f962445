package dev.parley.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class IdleResultTest {
  private static final IdleReading FEW =
      new IdleReading(
          100,
          Map.of("bench", 900.0, "envoy", 5_000.0, "router-1", 20_000.0),
          Map.of("bench", 50.0, "envoy", 30.0, "router-1", 200.0),
          Map.of("bench", 20.0, "router-1", 40.0));
  private static final IdleReading ALL =
      new IdleReading(
          1_124,
          Map.of("bench", 900.0, "envoy", 7_048.0, "router-1", 19_488.0),
          Map.of("bench", 90.0, "envoy", 80.0, "router-1", 230.0),
          Map.of("bench", 52.0, "router-1", 48.0));
  private static final IdleResult RESULT = new IdleResult(FEW, ALL, 0);

  @Test
  void whatAProcessNeedsForItselfIsNotCharged() {
    assertThat(RESULT.rssKib()).isEqualTo(Map.of("bench", 40.0, "envoy", 50.0, "router-1", 30.0));
    assertThat(RESULT.heapKib()).isEqualTo(Map.of("bench", 32.0, "router-1", 8.0));
    assertThat(RESULT.cpuMicrosPerSecond()).isEqualTo(Map.of("bench", 0.0, "envoy", 2.0, "router-1", -0.5));
  }

  @Test
  void aSessionTakesTheLiveHeapOfJvmsAndTheMemoryOfTheOthersButNothingOfTheBench() {
    assertThat(RESULT.sessionKib()).isEqualTo(50 + 8, offset(0.001));
  }

  @Test
  void aProcessThatWasThereOnceOnlyIsLeftOut() {
    IdleReading without = new IdleReading(100, Map.of(), Map.of("bench", 50.0), Map.of());
    assertThat(new IdleResult(without, ALL, 0).rssKib()).containsOnlyKeys("bench");
  }

  @Test
  void oneLostSessionFailsTheRun() {
    assertThat(RESULT.ok()).isTrue();
    assertThat(new IdleResult(FEW, ALL, 1).ok()).isFalse();
    assertThat(new IdleResult(FEW, ALL, 1).text()).startsWith("FAILED: 1124 idle sessions, 1 lost");
  }

  @Test
  void aPersonSeesWhatEachProcessTakesAndWhichOfThemHaveAHeap() {
    assertThat(RESULT.text().lines().map(line -> line.replaceAll(" +", " ")))
        .contains("envoy 50.00 - 2.00 80.00 -", "router-1 30.00 8.00 -0.50 230.00 48.00");
    assertThat(RESULT.json()).contains("\"session_kib\": 58.00", "\"live_heap_kib_per_session\": {\"bench\": 32.00");
  }

  @Test
  void aHistogramEndsWithItsSum() throws IOException {
    assertThat(LiveHeap.sum(List.of("   1:   3   72  [B (java.base)", "Total      67890      4711000"))).isEqualTo(4_711_000);
    assertThatThrownBy(() -> LiveHeap.sum(List.of("it is gone"))).hasMessageContaining("it is gone");
    assertThatThrownBy(() -> LiveHeap.sum(List.of())).isInstanceOf(IOException.class);
  }
}
