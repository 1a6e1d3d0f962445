package dev.parley.chassis.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsFileIT {
  @SettingsPrefix("parley.kettle")
  record Kettle(
      @Setting(value = "mint", doc = "What to brew.") String tea,
      @Setting(value = "1", doc = "How many cups.") int cups) {}

  @TempDir Path directory;

  @Test
  void theFileGoesBeforeTheDefaultsAndBehindTheEnvironment() throws Exception {
    Path file = directory.resolve("kettle.properties");
    Files.writeString(file, "parley.kettle.tea=sage\nparley.kettle.cups=3\nother.program.key=1\n");

    Kettle kettle = Settings.load(Kettle.class, Map.of("PARLEY_KETTLE_CUPS", "4"), List.of("--config=" + file));

    assertThat(kettle).isEqualTo(new Kettle("sage", 4));
  }

  @Test
  void anUnknownKeyInTheFileIsNamedWithTheFile() throws Exception {
    Path file = directory.resolve("kettle.properties");
    Files.writeString(file, "parley.kettle.cup=3\n");

    assertThatThrownBy(() -> Settings.load(Kettle.class, Map.of(), List.of("--config=" + file)))
        .hasMessageContaining("unknown setting parley.kettle.cup in " + file)
        .hasMessageContaining("parley.kettle.cups");
  }
}
