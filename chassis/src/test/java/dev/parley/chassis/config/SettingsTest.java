package dev.parley.chassis.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SettingsTest {
  @SettingsPrefix("parley.kettle")
  record Kettle(
      @Setting(doc = "What to brew.") String tea,
      @Setting(value = "64KiB", doc = "How much, in bytes.") int waterBytes,
      @Setting(value = "red, green", doc = "In which cups.") List<String> cups,
      Lid lid) {}

  record Lid(
      @Setting(value = "20s", doc = "How long it stays shut.") Duration shut,
      @Setting(doc = "Where it lies.") @Nullable Path place,
      @Setting(value = "closed", doc = "How it starts.") Position start) {
    Lid {
      if (shut.isNegative()) {
        throw new IllegalArgumentException("shut cannot be in the past");
      }
    }
  }

  enum Position {
    OPEN,
    CLOSED
  }

  private static Kettle load(Map<String, String> environment, String... args) {
    return Settings.load(Kettle.class, environment, List.of(args));
  }

  @Test
  void defaultsFillWhatIsNotSet() {
    Kettle kettle = load(Map.of(), "--parley.kettle.tea=assam");

    assertThat(kettle)
        .isEqualTo(
            new Kettle(
                "assam", 65_536, List.of("red", "green"), new Lid(Duration.ofSeconds(20), null, Position.CLOSED)));
  }

  @Test
  void argumentsGoBeforeTheEnvironment() {
    Kettle kettle =
        load(Map.of("PARLEY_KETTLE_TEA", "sage", "PARLEY_KETTLE_WATER_BYTES", "2"), "--parley.kettle.tea=assam");

    assertThat(kettle.tea()).isEqualTo("assam");
    assertThat(kettle.waterBytes()).isEqualTo(2);
  }

  @Test
  void aMisspeltKeyIsNamedWithTheNearestKnownOne() {
    assertThatThrownBy(() -> load(Map.of(), "--parley.kettle.watre-bytes=1"))
        .isInstanceOf(SettingsException.class)
        .hasMessage(
            "unknown setting parley.kettle.watre-bytes in the arguments;"
                + " the nearest known one is parley.kettle.water-bytes");
    assertThatThrownBy(() -> load(Map.of("PARLEY_KETTLE_TEE", "assam")))
        .hasMessageContaining("unknown setting PARLEY_KETTLE_TEE in the environment");
  }

  @Test
  void variablesThatKubernetesMakesForAServiceAreNoSettings() {
    Map<String, String> links =
        Map.of("PARLEY_KETTLE_SERVICE_HOST", "10.0.0.1", "PARLEY_KETTLE_PORT_80_TCP_ADDR", "10.0.0.1");

    assertThat(load(links, "--parley.kettle.tea=assam").tea()).isEqualTo("assam");
  }

  @Test
  void aWrongValueIsNamedWithWhatIsExpected() {
    assertThatThrownBy(() -> load(Map.of(), "--parley.kettle.tea=a", "--parley.kettle.lid.shut=soon"))
        .hasMessage("parley.kettle.lid.shut cannot be 'soon': a time with its unit, as 500ms, 20s, 5m, 24h or 30d");
    assertThatThrownBy(() -> load(Map.of(), "--parley.kettle.tea=a", "--parley.kettle.lid.start=ajar"))
        .hasMessage("parley.kettle.lid.start cannot be 'ajar': one of [open, closed]");
    assertThatThrownBy(() -> load(Map.of(), "--parley.kettle.tea=a", "--parley.kettle.lid.shut=-1s"))
        .hasMessage("parley.kettle.lid: shut cannot be in the past");
  }

  @Test
  void aRequiredSettingThatIsMissingIsExplained() {
    assertThatThrownBy(() -> load(Map.of())).hasMessage("parley.kettle.tea is not set: What to brew.");
  }

  @Test
  void theReferenceNamesEverySetting() {
    assertThat(SettingsReference.markdown(List.of(Kettle.class)))
        .contains("| `tea` | (required) | What to brew. |")
        .contains("| `lid.place` | (none) | Where it lies. |")
        .contains("| `lid.shut` | `20s` | How long it stays shut. |");
    assertThat(SettingsReference.help(Kettle.class)).contains("PARLEY_KETTLE_LID_SHUT");
  }

  @SettingsPrefix("parley.shelf")
  record Shelf(
      @Setting(doc = "For every day.") Lid plain,
      @Setting(value = "shut=5m, start=open", doc = "For feasts.") Lid fine) {}

  @SettingsPrefix("parley.box")
  record Box(@Setting(value = "shout=5m", doc = "Misspelt.") Lid lid) {}

  @Test
  void aGroupMayGiveItsSettingsOtherDefaults() {
    Shelf shelf = Settings.load(Shelf.class, Map.of(), List.of("--parley.shelf.fine.start=closed"));

    assertThat(shelf.plain().shut()).isEqualTo(Duration.ofSeconds(20));
    assertThat(shelf.fine()).isEqualTo(new Lid(Duration.ofMinutes(5), null, Position.CLOSED));
    assertThat(SettingsReference.help(Shelf.class)).contains("--parley.shelf.fine.shut=5m\n");
    assertThat(Settings.defaults(Shelf.class).fine().start()).isEqualTo(Position.OPEN);
  }

  @Test
  void aDefaultOfAGroupForASettingThatDoesNotExistIsAMistake() {
    assertThatThrownBy(() -> Settings.defaults(Box.class)).hasMessageContaining("lid.shout");
  }
}
