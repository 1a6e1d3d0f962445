package dev.parley.chassis.errors;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.parley.v1.ErrorReason;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ErrorsIT {
  @Test
  void aRefusalCarriesReasonMetadataAndDelay() throws Exception {
    StatusRuntimeException refusal =
        Errors.status(
            ErrorReason.ERROR_REASON_RATE_LIMITED, "slow down", Map.of("limit", "5"), Duration.ofMillis(1500));

    com.google.rpc.Status status = StatusProto.fromThrowable(refusal);
    assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(status.getDetails(0).unpack(ErrorInfo.class))
        .isEqualTo(
            ErrorInfo.newBuilder().setDomain("parley").setReason("RATE_LIMITED").putMetadata("limit", "5").build());
    assertThat(status.getDetails(1).unpack(RetryInfo.class)).isEqualTo(Errors.retry(Duration.ofMillis(1500)));
  }

  @Test
  void everyReasonIsFoundAgainInItsStatus() {
    for (ErrorReason reason : EnumSet.complementOf(EnumSet.of(ErrorReason.UNRECOGNIZED))) {
      ErrorInfo info = Errors.info(Errors.status(reason, "why"));

      assertThat(info).isNotNull().extracting(Errors::reason).isEqualTo(reason);
      assertThat(Errors.code(reason)).isNotEqualTo(Status.Code.OK);
    }
  }
}
