package dev.parley.chassis.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.parley.v1.ErrorReason;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Says who a JSON Web Token is from, or why it is not accepted.
 *
 * <p>Accepted is what is signed with ES256, RS256, PS256 or Ed25519 by a key of the {@link KeySource}, has a subject and
 * an end that is not yet reached, was not revoked, and says what {@link TokenRules} ask. The end is exact, without grace:
 * it also ends streams. Thread-safe; never blocks. Tokens that were verified once are remembered until the keys change, so
 * that many calls with one token cost one check of its signature.
 */
public final class TokenVerifier {
  /** The longest token, in characters. */
  public static final int MAX_TOKEN = 8192;

  /** The scope that makes its bearer an operator. */
  public static final String OPERATOR = "parley.operator";

  private static final int MAX_USER_ID_BYTES = 128;
  private static final int MAX_NAME = 128;
  private static final int MAX_PICTURE = 1024;

  /** A token whose start lies this little ahead was made by a clock that is a little ahead. */
  private static final Duration NOT_BEFORE_LEEWAY = Duration.ofSeconds(5);

  private final KeySource source;
  private final TokenRules rules;
  private final Revocations revocations;
  private final InstantSource clock;
  private final VerifiedTokens verified = new VerifiedTokens();

  /** With the clock that ends tokens. */
  public TokenVerifier(KeySource source, TokenRules rules, Revocations revocations, InstantSource clock) {
    this.source = source;
    this.rules = rules;
    this.revocations = revocations;
    this.clock = clock;
  }

  /**
   * Who the token is from.
   *
   * @param token the JWT alone, without "Bearer"; null or empty: none came
   */
  public Identity verify(@Nullable String token) throws TokenException {
    if (token == null || token.isEmpty()) {
      throw new TokenException(ErrorReason.ERROR_REASON_TOKEN_MISSING, "send authorization: Bearer <token>");
    }
    if (token.length() > MAX_TOKEN) {
      throw invalid("it is longer than " + MAX_TOKEN + " bytes");
    }
    KeySource.Keys keys = source.keys();
    Identity known = verified.get(token, keys.version());
    if (known != null) {
      return stillGood(known);
    }
    Identity identity = check(token, keys.set());
    verified.put(token, keys.version(), identity);
    return identity;
  }

  private Identity check(String token, JWKSet keys) throws TokenException {
    try {
      SignedJWT jwt = SignedJWT.parse(token);
      checkSignature(jwt, keys);
      return identity(jwt.getJWTClaimsSet());
    } catch (ParseException e) {
      throw invalid("it is no signed JWT");
    }
  }

  private void checkSignature(SignedJWT jwt, JWKSet keys) throws TokenException {
    JWSHeader header = jwt.getHeader();
    if (!SignatureVerifiers.ALLOWED.contains(header.getAlgorithm())) {
      throw invalid("its algorithm is not allowed");
    }
    String keyId = header.getKeyID();
    JWK named = keyId == null ? null : keys.getKeyByKeyId(keyId);
    if (keyId != null && named == null) {
      source.refreshSoon(keyId);
      throw invalid("its key is not known");
    }
    for (JWK key : named == null ? keys.getKeys() : List.of(named)) {
      if (isSignedWith(jwt, key)) {
        return;
      }
    }
    throw invalid("its signature is wrong");
  }

  private static boolean isSignedWith(SignedJWT jwt, JWK key) {
    try {
      JWSVerifier verifier = SignatureVerifiers.of(jwt.getHeader().getAlgorithm(), key);
      return verifier != null && jwt.verify(verifier);
    } catch (JOSEException e) {
      // A key that cannot be used verifies nothing; whether another one does is still open.
      return false;
    }
  }

  private Identity identity(JWTClaimsSet claims) throws TokenException {
    if (rules.issuer() != null && !rules.issuer().equals(claims.getIssuer())) {
      throw invalid("its issuer is not the one expected here");
    }
    if (rules.audience() != null && !claims.getAudience().contains(rules.audience())) {
      throw invalid("it is for another audience");
    }
    Date notBefore = claims.getNotBeforeTime();
    if (notBefore != null && notBefore.toInstant().isAfter(clock.instant().plus(NOT_BEFORE_LEEWAY))) {
      throw invalid("its time has not come yet");
    }
    String subject = claims.getSubject();
    if (subject == null || !isUserId(subject)) {
      throw invalid("its subject must be 1 to 128 bytes without control characters");
    }
    Date end = claims.getExpirationTime();
    if (end == null) {
      throw invalid("it has no end (exp)");
    }
    Date issued = claims.getIssueTime();
    return stillGood(
        new Identity(
            subject,
            name(claims),
            picture(claims),
            isOperator(claims),
            issued == null ? Instant.EPOCH : issued.toInstant(),
            end.toInstant()));
  }

  private Identity stillGood(Identity identity) throws TokenException {
    Instant now = clock.instant();
    if (!identity.expires().isAfter(now)) {
      throw new TokenException(
          ErrorReason.ERROR_REASON_TOKEN_EXPIRED, "the token ended at " + identity.expires() + "; get a new one");
    }
    if (identity.issued().isBefore(revocations.issuedBefore(identity.userId()))) {
      throw new TokenException(ErrorReason.ERROR_REASON_TOKEN_REVOKED, "the token was revoked: log in anew");
    }
    return identity;
  }

  private static boolean isUserId(String subject) {
    int bytes = subject.getBytes(StandardCharsets.UTF_8).length;
    return bytes >= 1 && bytes <= MAX_USER_ID_BYTES && isClean(subject);
  }

  /** No control characters, and no halves of surrogate pairs, which no UTF-8 can say. */
  private static boolean isClean(String text) {
    return text.codePoints().noneMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE);
  }

  private static @Nullable String name(JWTClaimsSet claims) {
    if (!(claims.getClaim("name") instanceof String name) || !isClean(name)) {
      return null;
    }
    int end = name.codePointCount(0, name.length()) <= MAX_NAME ? name.length() : name.offsetByCodePoints(0, MAX_NAME);
    return name.substring(0, end);
  }

  private static boolean isOperator(JWTClaimsSet claims) {
    return claims.getClaim("scope") instanceof String scope && List.of(scope.split(" ")).contains(OPERATOR);
  }

  private static @Nullable String picture(JWTClaimsSet claims) {
    return claims.getClaim("picture") instanceof String picture && picture.length() <= MAX_PICTURE && isClean(picture)
        ? picture
        : null;
  }

  private static TokenException invalid(String why) {
    return new TokenException(ErrorReason.ERROR_REASON_TOKEN_INVALID, "the token is not accepted: " + why);
  }
}
