package dev.parley.chassis.auth;

import com.nimbusds.jose.Algorithm;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.text.ParseException;

/**
 * The key pair of a development machine: {@code key.jwk} (private, readable by its owner only) and {@code jwks.json}
 * (public, for the services and the edge), side by side in one directory.
 */
public final class DevKeys {
  /** What development tokens say, and what a development setup asks for. */
  public static final TokenRules RULES = new TokenRules("parley-dev", "parley");

  private final ECKey key;
  private final Path jwks;

  private DevKeys(ECKey key, Path jwks) {
    this.key = key;
    this.jwks = jwks;
  }

  /** The keys in this directory, made if they are not there. */
  public static DevKeys in(Path directory) throws IOException {
    Path secret = directory.resolve("key.jwk");
    Path jwks = directory.resolve("jwks.json");
    ECKey key = Files.exists(secret) ? read(secret) : generate();
    if (!Files.exists(secret)) {
      Files.createDirectories(directory);
      write(secret, key.toJSONString(), "rw-------");
    }
    write(jwks, new JWKSet(key.toPublicJWK()).toString(), "rw-r--r--");
    return new DevKeys(key, jwks);
  }

  /** The file with the public key. */
  public Path jwks() {
    return jwks;
  }

  /** Signs with this key, as {@link #RULES} say. */
  public TokenSigner signer() {
    return new TokenSigner(key, RULES);
  }

  /** Signs with this key, as these rules say. */
  public TokenSigner signer(TokenRules rules) {
    return new TokenSigner(key, rules);
  }

  private static ECKey generate() {
    try {
      Algorithm es256 = JWSAlgorithm.ES256;
      return new ECKeyGenerator(Curve.P_256)
          .keyUse(KeyUse.SIGNATURE)
          .algorithm(es256)
          .keyIDFromThumbprint(true)
          .generate();
    } catch (JOSEException e) {
      throw new IllegalStateException("this Java platform cannot make P-256 keys", e);
    }
  }

  private static ECKey read(Path secret) throws IOException {
    try {
      return ECKey.parse(Files.readString(secret));
    } catch (ParseException e) {
      throw new IOException(secret + " is no key; remove it to have a new one made", e);
    }
  }

  /** Written beside and moved into place: a reader, or a kill, never meets half a key. */
  private static void write(Path file, String content, String permissions) throws IOException {
    Path part =
        Files.createTempFile(
            file.toAbsolutePath().getParent(),
            file.getFileName().toString(),
            ".part",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)));
    Files.writeString(part, content);
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
