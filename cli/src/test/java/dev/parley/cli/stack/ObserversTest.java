package dev.parley.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.util.JSONArrayUtils;
import dev.parley.parts.Parts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ObserversTest {
  @TempDir Path directory;

  private final Path observability = Parts.findHome().resolve("observability");

  @Test
  void prometheusGetsItsConfigurationTheRulesAndEachProgramByItsName() throws Exception {
    Observers.configure(observability, directory, Map.of("router-1", "127.0.0.1:9464"));

    assertThat(directory.resolve("prometheus.yaml")).hasSameTextualContentAs(observability.resolve("prometheus.yaml"));
    assertThat(directory.resolve("rules/parley.rules.yaml"))
        .hasSameTextualContentAs(observability.resolve("rules/parley.rules.yaml"));
    assertThat(JSONArrayUtils.parse(Files.readString(directory.resolve("targets/parley.json"))))
        .isEqualTo(
            List.of(Map.of("targets", List.of("127.0.0.1:9464"), "labels", Map.of("instance", "router-1"))));
  }

  @Test
  void theNextRunHasTheTargetsOfThatRunAlone() throws Exception {
    Observers.configure(observability, directory, Map.of("router-1", "127.0.0.1:1", "router-2", "127.0.0.1:2"));
    Observers.configure(observability, directory, Map.of("router-1", "127.0.0.1:3"));

    assertThat(directory.resolve("targets/parley.json")).content().contains("127.0.0.1:3").doesNotContain("router-2");
  }
}
