package dev.parley.router.moderation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.chassis.config.Settings;
import dev.parley.chassis.resilience.BreakerSettings;
import dev.parley.router.moderation.Moderation.Verdict;
import dev.parley.router.moderation.ModerationSettings.OnFailure;
import dev.parley.v1.Command;
import dev.parley.v1.Message;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModerationMessagesTest {
  private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

  private static ModerationSettings settings(@Nullable URI url, @Nullable String secret) {
    BreakerSettings breaker = new BreakerSettings(50, 4, 2, Duration.ofMillis(500), 1);
    return new ModerationSettings(url, secret, Duration.ofMillis(300), OnFailure.CLOSED, 16, breaker);
  }

  @Test
  void aQuestionHoldsWhoWhereAndWhat() {
    Command command =
        Command.newBuilder()
            .setClientEventId("e1")
            .setMessage(Message.newBuilder().setText("say \"hi\" \n").setReplyToSeq(7))
            .build();
    assertThat(ModerationMessages.question("ann", "c1", command))
        .isEqualTo(
            "{\"userId\":\"ann\",\"conversationId\":\"c1\",\"command\":{\"clientEventId\":\"e1\","
                + "\"message\":{\"text\":\"say \\\"hi\\\" \\n\",\"replyToSeq\":\"7\"}}}");
  }

  @Test
  void aSignatureIsThatOfStandardWebhooks() {
    // The vector of the specification's libraries.
    assertThat(
            ModerationMessages.signature(
                ModerationSettings.key(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}"))
        .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  }

  @Test
  void anAnswerAllowsOrRefusesWithARule() {
    assertThat(ModerationMessages.verdict("{\"allowed\": true, \"rule\": \"x\"}")).isEqualTo(new Verdict.Allowed());
    assertThat(ModerationMessages.verdict("{\"allowed\":false,\"rule\":\"spam\",\"more\":{\"a\":[1]}}"))
        .isEqualTo(new Verdict.Refused("spam"));
    assertThat(ModerationMessages.verdict("{\"allowed\":false}")).isEqualTo(new Verdict.Refused(""));
    String longRule = "r".repeat(200);
    assertThat(ModerationMessages.verdict("{\"allowed\":false,\"rule\":\"" + longRule + "\"}"))
        .isEqualTo(new Verdict.Refused("r".repeat(ModerationMessages.RULE)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "[]", "{}", "null", "{\"allowed\":\"true\"}", "{\"allowed\":1}", "{\"allowed\":tr"})
  void anythingElseIsNoAnswer(String body) {
    assertThatThrownBy(() -> ModerationMessages.verdict(body)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anAddressNeedsASecretAndTheSecretIsNotShown() {
    URI url = URI.create("https://moderation.example/ask");
    assertThat(settings(url, SECRET).toString()).contains("moderation.example").doesNotContain("MfKQ");
    assertThat(settings(null, null).url()).isNull();
    for (String secret : new String[] {null, "", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_***"}) {
      assertThatThrownBy(() -> settings(url, secret)).as(secret).hasMessageContaining("secret must be whsec_");
    }
    assertThatThrownBy(() -> settings(URI.create("ftp://x"), SECRET)).hasMessageContaining("url must be");
  }

  @Test
  void byDefaultNobodyIsAsked() {
    ModerationSettings defaults = Settings.defaults(ModerationSettings.class);
    assertThat(defaults.url()).isNull();
    assertThat(defaults.onFailure()).isEqualTo(OnFailure.CLOSED);
    assertThat(defaults.hop().timeLimit()).isEqualTo(Duration.ofMillis(300));
  }
}
