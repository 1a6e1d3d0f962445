package dev.parley.chassis.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevKeysIT {
  @Test
  void developmentKeysAreKeptAndTheSecretOneIsPrivate(@TempDir Path directory) throws Exception {
    DevKeys first = DevKeys.in(directory);
    DevKeys again = DevKeys.in(directory);

    try (KeySource source = KeySource.of(again.jwks().toUri().toString())) {
      String token = first.signer().sign("alice", null, Instant.now().plusSeconds(60));
      TokenVerifier verifier = new TokenVerifier(source, DevKeys.RULES, Revocations.NONE, Clock.systemUTC());
      assertThat(verifier.verify(token).userId()).isEqualTo("alice");
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("key.jwk"))))
        .isEqualTo("rw-------");
    assertThat(first.jwks()).content().doesNotContain("\"d\"");
  }
}
