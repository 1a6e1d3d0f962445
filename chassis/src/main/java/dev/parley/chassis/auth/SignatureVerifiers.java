package dev.parley.chassis.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.crypto.impl.BaseJWSProvider;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64URL;
import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.HexFormat;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The algorithms that a token may be signed with, each only with a key of its own kind. */
final class SignatureVerifiers {
  /** Asymmetric ones only: never {@code none}, and never a secret that could be a public key in disguise. */
  static final Set<JWSAlgorithm> ALLOWED =
      Set.of(JWSAlgorithm.ES256, JWSAlgorithm.RS256, JWSAlgorithm.PS256, JWSAlgorithm.EdDSA, JWSAlgorithm.Ed25519);

  private SignatureVerifiers() {}

  /** A verifier for this algorithm with this key; null: they do not belong together. */
  static @Nullable JWSVerifier of(JWSAlgorithm algorithm, JWK key) throws JOSEException {
    if (key.getAlgorithm() != null && !key.getAlgorithm().getName().equals(algorithm.getName())) {
      return null;
    }
    return switch (key) {
      case ECKey ec when algorithm.equals(JWSAlgorithm.ES256) && Curve.P_256.equals(ec.getCurve()) ->
          new ECDSAVerifier(ec);
      case RSAKey rsa when algorithm.equals(JWSAlgorithm.RS256) || algorithm.equals(JWSAlgorithm.PS256) ->
          new RSASSAVerifier(rsa);
      case OctetKeyPair okp when isEdwards(algorithm) && Curve.Ed25519.equals(okp.getCurve()) -> new Ed25519(okp);
      default -> null;
    };
  }

  /** Whether a token that is signed with this key could be verified. */
  static boolean canUse(JWK key) {
    return ALLOWED.stream().anyMatch(algorithm -> canUse(algorithm, key));
  }

  private static boolean canUse(JWSAlgorithm algorithm, JWK key) {
    try {
      return of(algorithm, key) != null;
    } catch (JOSEException e) {
      // A key that the library does not take is no key for tokens.
      return false;
    }
  }

  private static boolean isEdwards(JWSAlgorithm algorithm) {
    return algorithm.equals(JWSAlgorithm.EdDSA) || algorithm.equals(JWSAlgorithm.Ed25519);
  }

  /** Ed25519 by the JDK: the library's own verifier would bring another cryptography library along. */
  private static final class Ed25519 extends BaseJWSProvider implements JWSVerifier {
    /** SubjectPublicKeyInfo of RFC 8410 up to the 32 bytes of the key. */
    private static final byte[] SPKI_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

    private final PublicKey key;

    Ed25519(OctetKeyPair pair) throws JOSEException {
      super(Set.of(JWSAlgorithm.EdDSA, JWSAlgorithm.Ed25519));
      ByteArrayOutputStream spki = new ByteArrayOutputStream();
      spki.writeBytes(SPKI_PREFIX);
      spki.writeBytes(pair.getDecodedX());
      try {
        key = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(spki.toByteArray()));
      } catch (GeneralSecurityException e) {
        throw new JOSEException("no Ed25519 key: " + e.getMessage(), e);
      }
    }

    @Override
    public boolean verify(JWSHeader header, byte[] input, Base64URL signature) throws JOSEException {
      if (header.getCriticalParams() != null) {
        return false;
      }
      try {
        Signature verifier = Signature.getInstance("Ed25519");
        verifier.initVerify(key);
        verifier.update(input);
        return verifier.verify(signature.decode());
      } catch (java.security.SignatureException e) {
        return false;
      } catch (GeneralSecurityException e) {
        throw new JOSEException(e.getMessage(), e);
      }
    }
  }
}
