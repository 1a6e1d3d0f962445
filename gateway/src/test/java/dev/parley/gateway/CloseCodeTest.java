package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chassis.errors.Errors;
import dev.parley.v1.ErrorReason;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CloseCodeTest {
  @Test
  void eachNumberStandsForOneThingAndIsInTheProtocol() throws Exception {
    String protocol = Files.readString(Path.of(System.getProperty("parley.home"), "docs/protocol.md"));

    assertThat(Arrays.stream(CloseCode.values()).map(CloseCode::code)).doesNotHaveDuplicates();
    for (CloseCode each : CloseCode.values()) {
      assertThat(protocol).as("%s", each).contains("| " + each.code() + " | `" + each.name() + "` | ");
    }
  }

  @Test
  void everyReasonHasANumber() {
    for (ErrorReason reason : ErrorReason.values()) {
      assertThat(CloseCode.of(reason)).isNotNull();
    }
    assertThat(CloseCode.of(ErrorReason.ERROR_REASON_LOG_FULL)).isEqualTo(CloseCode.REFUSED);
    assertThat(CloseCode.of(ErrorReason.ERROR_REASON_TOKEN_REVOKED).text()).isEqualTo("TOKEN_REVOKED");
  }

  @Test
  void aRoutersReasonAndTimeToWaitArePassedOn() {
    StatusRuntimeException refusal =
        Errors.status(ErrorReason.ERROR_REASON_OVERLOADED, "full", Map.of("limit", "7"), Duration.ofSeconds(3));

    Refusal refused = Refusal.of(refusal.getStatus(), Errors.trailers(refusal));

    assertThat(refused.code()).isEqualTo(CloseCode.OVERLOADED);
    assertThat(refused.info().getMetadataMap()).containsEntry("limit", "7");
    assertThat(refused.retry()).isEqualTo(Duration.ofSeconds(3));
  }

  @Test
  void aBrokenConnectionMeansThatTheRouterIsLost() {
    Refusal refused = Refusal.of(Status.UNAVAILABLE.withDescription("io exception"), new Metadata());

    assertThat(refused.code()).isEqualTo(CloseCode.ROUTER_LOST);
    assertThat(refused.info().getReason()).isEqualTo("OUTCOME_UNKNOWN");
  }
}
