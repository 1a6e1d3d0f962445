package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chassis.config.SettingsReference;
import dev.parley.dispatcher.DispatcherSettings;
import dev.parley.edge.EdgeSettings;
import dev.parley.gateway.GatewaySettings;
import dev.parley.parts.Parts;
import dev.parley.presence.PresenceSettings;
import dev.parley.pushlab.PushLabSettings;
import dev.parley.router.RouterSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Keeps {@code docs/configuration.md} true. Run with {@code -Dparley.docs.write=true} it writes the file. */
class ConfigurationReferenceIT {
  private static final String INTRODUCTION =
      """
      # Configuration

      Generated from the settings records; do not edit. A setting is an argument (`--parley.router.name=a`), an
      environment variable (`PARLEY_ROUTER_NAME=a`), or a line of the properties file named by `--config=FILE`; the
      first of these that has it wins. A key that does not exist stops the start, with the nearest one that does.
      Sizes take `KiB`, `MiB` and `GiB`; times are written as `500ms`, `20s`, `5m`, `24h` or `30d`.

      """;

  @Test
  void theReferenceSaysWhatTheProgramsTake() throws Exception {
    Path file = Parts.findHome().resolve("docs/configuration.md");
    String reference =
        INTRODUCTION + SettingsReference.markdown(List.of(RouterSettings.class, PresenceSettings.class, DispatcherSettings.class, GatewaySettings.class, PushLabSettings.class, EdgeSettings.class)).strip() + "\n";
    if (Boolean.getBoolean("parley.docs.write")) {
      Files.writeString(file, reference);
    }

    assertThat(file).as("run the cli's tests with -Dparley.docs.write=true to write it anew").hasContent(reference);
  }
}
