package dev.parley.dispatcher.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.chassis.config.Settings;
import dev.parley.dispatcher.http.HttpSettings;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class WebhookSettingsTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  @Test
  void byDefaultOnlyPublicAddressesAreReachedAndOnlyByHttps() {
    HttpSettings http = Settings.defaults(HttpSettings.class);
    assertThat(http.allowedNetworks()).isEmpty();
    assertThat(http.plainHttp()).isFalse();
    assertThat(http.caFile()).isNull();
    assertThat(http.timeLimit()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void theDefaultsAreWhatTheTestsUse() {
    assertThat(Settings.defaults(WebhookSettings.class)).isEqualTo(Rig.SETTINGS);
  }

  @Test
  void limitsMustBeSome() {
    assertThatThrownBy(() -> new WebhookSettings(101, 1, 1, 1, 1, 1, SECOND, SECOND, SECOND))
        .hasMessageContaining("endpoints must be 1 to 100");
    assertThatThrownBy(() -> new WebhookSettings(1, 1, 2, 1, 1, 1, SECOND, SECOND, SECOND))
        .hasMessageContaining("requests-per-endpoint");
    assertThatThrownBy(() -> new WebhookSettings(1, 1, 1, 1, 0, 1, SECOND, SECOND, SECOND))
        .hasMessageContaining("at least 1");
    assertThatThrownBy(() -> new HttpSettings(List.of("ten"), false, null, SECOND, SECOND, 1, 1))
        .hasMessageContaining("'ten' is no network");
  }
}
