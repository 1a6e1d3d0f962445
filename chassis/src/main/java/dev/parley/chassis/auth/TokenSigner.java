package dev.parley.chassis.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.time.Instant;
import java.util.Date;
import org.jspecify.annotations.Nullable;

/** Signs tokens with a development key: for a machine of one's own and for tests, never for an installation. */
public final class TokenSigner {
  private final ECKey key;
  private final TokenRules rules;

  TokenSigner(ECKey key, TokenRules rules) {
    this.key = key;
    this.rules = rules;
  }

  /** A token for this user, issued now, with the issuer and audience of the rules. */
  public String sign(String userId, @Nullable String name, Instant expires) {
    JWTClaimsSet.Builder claims = claims(userId, expires);
    if (name != null) {
      claims.claim("name", name);
    }
    return sign(claims.build());
  }

  /** A token for an operator, likewise. */
  public String signOperator(String userId, Instant expires) {
    return sign(claims(userId, expires).claim("scope", TokenVerifier.OPERATOR).build());
  }

  private JWTClaimsSet.Builder claims(String userId, Instant expires) {
    JWTClaimsSet.Builder claims =
        new JWTClaimsSet.Builder()
            .subject(userId)
            .issueTime(Date.from(Instant.now()))
            .expirationTime(Date.from(expires));
    if (rules.issuer() != null) {
      claims.issuer(rules.issuer());
    }
    if (rules.audience() != null) {
      claims.audience(rules.audience());
    }
    return claims;
  }

  /** A token that says exactly this. */
  public String sign(JWTClaimsSet claims) {
    try {
      SignedJWT jwt =
          new SignedJWT(new JWSHeader.Builder(JWSAlgorithm.ES256).keyID(key.getKeyID()).build(), claims);
      jwt.sign(new ECDSASigner(key));
      return jwt.serialize();
    } catch (JOSEException e) {
      throw new IllegalStateException("a development key cannot sign", e);
    }
  }
}
