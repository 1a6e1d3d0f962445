package dev.parley.dispatcher.push.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.hc.client5.http.SystemDefaultDnsResolver;
import org.apache.hc.core5.http.ContentType;
import org.junit.jupiter.api.Test;

class ProviderHttpIT {
  @Test
  void aRequestIsMadeOnThreadsOfItsOwnAndWhateverFailsThereIsTold() throws Exception {
    ProviderHttp.Bounds bounds = new ProviderHttp.Bounds(1, 1, 1, Duration.ofSeconds(5));
    try (ProviderHttp http = new ProviderHttp("test", bounds, null, SystemDefaultDnsResolver.INSTANCE)) {
      CompletableFuture<Reply> told =
          http.post(
              URI.create("https://push.invalid/"),
              () -> {
                throw new IllegalStateException("not made on " + Thread.currentThread().getName());
              },
              ContentType.APPLICATION_JSON);
      assertThat(told)
          .failsWithin(Duration.ofSeconds(5))
          .withThrowableOfType(ExecutionException.class)
          .withRootCauseInstanceOf(IllegalStateException.class)
          .withMessageContaining("not made on test-start-");
    }
  }
}
