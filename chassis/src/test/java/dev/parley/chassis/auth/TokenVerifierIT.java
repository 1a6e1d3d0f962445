package dev.parley.chassis.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.parley.v1.ErrorReason;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Date;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A system test, because real cryptography takes its milliseconds. */
class TokenVerifierIT {
  private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
  private static final Instant LATER = START.plus(Duration.ofHours(1));

  private static DevKeys keys;
  private static DevKeys otherKeys;
  private static KeyPair edwards;

  private final Map<String, Instant> revoked = new ConcurrentHashMap<>();
  private Instant now = START;
  private String jwks;
  private KeySource source;
  private TokenVerifier verifier;

  @BeforeAll
  static void makeKeys(@TempDir Path one, @TempDir Path other) throws Exception {
    keys = DevKeys.in(one);
    otherKeys = DevKeys.in(other);
    edwards = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
  }

  @BeforeEach
  void start() throws Exception {
    jwks = Files.readString(keys.jwks());
    source = new KeySource("a test", () -> jwks.getBytes(StandardCharsets.UTF_8));
    verifier =
        new TokenVerifier(
            source, DevKeys.RULES, userId -> revoked.getOrDefault(userId, Instant.EPOCH), () -> now);
  }

  @AfterEach
  void stop() {
    source.close();
  }

  private JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder()
        .subject("alice")
        .issuer("parley-dev")
        .audience("parley")
        .expirationTime(Date.from(LATER));
  }

  private void refuses(String token, ErrorReason reason) {
    assertThatThrownBy(() -> verifier.verify(token))
        .isInstanceOfSatisfying(TokenException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private void refusesAsInvalid(JWTClaimsSet.Builder claims) {
    refuses(keys.signer().sign(claims.build()), ErrorReason.ERROR_REASON_TOKEN_INVALID);
  }

  @Test
  void aValidTokenSaysWhoItIsFrom() throws Exception {
    String token = keys.signer().sign(claims().claim("name", "Alice").claim("picture", "pic:1").build());

    assertThat(verifier.verify(token)).isEqualTo(new Identity("alice", "Alice", "pic:1", false, Instant.EPOCH, LATER));
  }

  @Test
  void aTokenEndsToTheSecondAlsoWhenItWasVerifiedBefore() throws Exception {
    String token = keys.signer().sign("alice", null, LATER);
    now = LATER.minusMillis(1);
    verifier.verify(token);

    now = LATER;

    refuses(token, ErrorReason.ERROR_REASON_TOKEN_EXPIRED);
  }

  @Test
  void aRevokedTokenIsRefusedAlsoWhenItWasVerifiedBeforeAndALaterOneIsNot() throws Exception {
    String token = keys.signer().sign(claims().issueTime(Date.from(START)).build());
    assertThat(verifier.verify(token).issued()).isEqualTo(START);

    revoked.put("alice", START.plusSeconds(1));
    refuses(token, ErrorReason.ERROR_REASON_TOKEN_REVOKED);
    refuses(keys.signer().sign(claims().build()), ErrorReason.ERROR_REASON_TOKEN_REVOKED);

    verifier.verify(keys.signer().sign(claims().issueTime(Date.from(START.plusSeconds(1))).build()));
    verifier.verify(keys.signer().sign(claims().subject("bob").issueTime(Date.from(START)).build()));
  }

  @Test
  void aTokenOfTheSignerSaysWhenItWasIssued() throws Exception {
    Instant before = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    Instant issued = verifier.verify(keys.signer().sign("alice", null, LATER)).issued();

    assertThat(issued).isBetween(before, Instant.now());
  }

  @Test
  void noTokenIsMissing() {
    refuses("", ErrorReason.ERROR_REASON_TOKEN_MISSING);
  }

  @Test
  void whatIsNoTokenIsInvalid() {
    refuses("nonsense", ErrorReason.ERROR_REASON_TOKEN_INVALID);
    refuses("a.b.c", ErrorReason.ERROR_REASON_TOKEN_INVALID);
    refuses("x".repeat(TokenVerifier.MAX_TOKEN + 1), ErrorReason.ERROR_REASON_TOKEN_INVALID);
  }

  @Test
  void aChangedTokenIsInvalid() {
    String token = keys.signer().sign("alice", null, LATER);
    String header = token.substring(0, token.indexOf('.'));
    String signature = token.substring(token.lastIndexOf('.') + 1);
    Base64URL other = Base64URL.encode(claims().subject("bob").build().toString());

    refuses(header + "." + other + "." + signature, ErrorReason.ERROR_REASON_TOKEN_INVALID);
  }

  @Test
  void aTokenWithoutSignatureIsInvalid() {
    refuses(new PlainJWT(claims().build()).serialize(), ErrorReason.ERROR_REASON_TOKEN_INVALID);
  }

  @Test
  void thePublicKeyIsNoSecretToSignWith() throws Exception {
    SignedJWT forged = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims().build());
    forged.sign(new MACSigner(Arrays.copyOf(jwks.getBytes(StandardCharsets.UTF_8), 64)));

    refuses(forged.serialize(), ErrorReason.ERROR_REASON_TOKEN_INVALID);
  }

  @Test
  void issuerAudienceEndAndStartAreChecked() {
    refusesAsInvalid(claims().issuer("somebody"));
    refusesAsInvalid(claims().audience("another"));
    refusesAsInvalid(claims().expirationTime(null));
    refusesAsInvalid(claims().notBeforeTime(Date.from(START.plusSeconds(60))));
  }

  @Test
  void aSubjectIsShortAndClean() throws Exception {
    refusesAsInvalid(claims().subject(null));
    refusesAsInvalid(claims().subject(""));
    refusesAsInvalid(claims().subject("a\nb"));
    refusesAsInvalid(claims().subject("ü".repeat(65)));

    assertThat(verifier.verify(keys.signer().sign("ü".repeat(64), null, LATER)).userId()).hasSize(64);
  }

  @Test
  void aNameThatIsTooLongIsCutAndABadOneIsLeftOut() throws Exception {
    TokenSigner signer = keys.signer();

    assertThat(verifier.verify(signer.sign("alice", "😀".repeat(200), LATER)).name()).isEqualTo("😀".repeat(128));
    assertThat(verifier.verify(signer.sign("alice", "a\u0007b", LATER)).name()).isNull();
  }

  @Test
  void aWithdrawnKeyEndsTokensThatWereVerifiedBefore() throws Exception {
    String token = keys.signer().sign("alice", null, LATER);
    verifier.verify(token);

    jwks = Files.readString(otherKeys.jwks());
    source.reload();

    refuses(token, ErrorReason.ERROR_REASON_TOKEN_INVALID);
  }

  @Test
  void keysThatCannotBeReadAgainStay() throws Exception {
    jwks = "broken";
    source.reload();

    assertThat(verifier.verify(keys.signer().sign("alice", null, LATER)).userId()).isEqualTo("alice");
  }

  @Test
  void ed25519IsAccepted() throws Exception {
    byte[] spki = edwards.getPublic().getEncoded();
    byte[] x = Arrays.copyOfRange(spki, spki.length - 32, spki.length);
    jwks = new JWKSet(new OctetKeyPair.Builder(Curve.Ed25519, Base64URL.encode(x)).keyID("e").build()).toString();
    source.reload();
    JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.EdDSA).keyID("e").type(JOSEObjectType.JWT).build();
    String input = header.toBase64URL() + "." + Base64URL.encode(claims().build().toString());
    Signature signature = Signature.getInstance("Ed25519");
    signature.initSign(edwards.getPrivate());
    signature.update(input.getBytes(StandardCharsets.US_ASCII));

    assertThat(verifier.verify(input + "." + Base64URL.encode(signature.sign())).userId()).isEqualTo("alice");
    refuses(input + "." + Base64URL.encode(new byte[64]), ErrorReason.ERROR_REASON_TOKEN_INVALID);
  }
}
