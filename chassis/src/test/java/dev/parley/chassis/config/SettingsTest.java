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
    assertThatThrownBy(() -> load(Map.of(), "--parley.kettle.tea=assam", "--parley.kettle.watre-bytes=1"))
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

  @Test
  void allThatIsWrongIsToldAtOnce() {
    assertThatThrownBy(
            () ->
                load(
                    Map.of("PARLEY_KETTLE_TEE", "assam"),
                    "--parley.kettle.water-bytes=much",
                    "--parley.kettle.lid.shut=soon",
                    "--parley.kettle.lid.start=ajar",
                    "tea"))
        .isInstanceOf(SettingsException.class)
        .satisfies(
            wrong ->
                assertThat(String.valueOf(wrong.getMessage()).lines().map(line -> line.replaceFirst(" (in|is|cannot) .*", "")))
                    .containsExactly(
                        "unknown setting PARLEY_KETTLE_TEE",
                        "'tea'",
                        "parley.kettle.tea",
                        "parley.kettle.water-bytes",
                        "parley.kettle.lid.shut",
                        "parley.kettle.lid.start"));
  }

  @SettingsPrefix("parley.safe")
  record Safe(
      @Setting(doc = "What opens it.", secret = true) String code,
      @Setting(doc = "Another way in.", secret = true) @Nullable String spare,
      @Setting(value = "2m", doc = "When it shuts.") Duration shut,
      @Setting(doc = "Where the others are.") List<String> others,
      Lid lid) {}

  @Test
  void whatIsSetIsShownWithoutItsSecrets() {
    Safe safe =
        Settings.load(
            Safe.class,
            Map.of("PARLEY_SAFE_CODE", "hunter2"),
            List.of("--parley.safe.others=nats://ann:hunter3@one:4222,nats://two:4222"));

    assertThat(SettingsReference.values(safe))
        .isEqualTo(
            """
            parley.safe.code=***
            parley.safe.spare=
            parley.safe.shut=120s
            parley.safe.others=nats://***@one:4222,nats://two:4222
            parley.safe.lid.shut=20s
            parley.safe.lid.place=
            parley.safe.lid.start=closed
            """);
  }

  @SettingsPrefix("parley.lock")
  record Lock(@Setting(doc = "What opens it.", secret = true) int code) {}

  @Test
  void aSecretThatIsWrongIsNotShown() {
    assertThatThrownBy(() -> Settings.load(Lock.class, Map.of(), List.of("--parley.lock.code=hunter2")))
        .satisfies(wrong -> assertThat(wrong.getMessage()).contains("parley.lock.code").doesNotContain("hunter2"));
  }
}
