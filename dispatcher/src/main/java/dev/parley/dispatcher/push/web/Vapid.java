package dev.parley.dispatcher.push.web;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Says to a push service who sends (RFC 8292). One signature serves an origin for hours: push services limit how often
 * it changes, and it costs more than the rest of a push. Thread-safe.
 */
final class Vapid {
  private static final Duration LASTS = Duration.ofHours(12);
  private static final Duration RENEW_BEFORE = Duration.ofHours(6);
  private static final int MOST_ORIGINS = 1_000;

  private final ECDSASigner signer;
  private final String publicKey;
  private final String contact;
  private final Map<String, Signed> byOrigin =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Signed> eldest) {
          return size() > MOST_ORIGINS;
        }
      };

  private record Signed(String header, Instant renewAt) {}

  private Vapid(ECKey key, String contact) throws JOSEException {
    this.signer = new ECDSASigner(key);
    this.publicKey = Base64.getUrlEncoder().withoutPadding().encodeToString(P256.encode(key.toECPublicKey()));
    this.contact = contact;
  }

  /** With the key of this file. */
  static Vapid read(Path file, String contact) throws IOException {
    try {
      ECKey key = ECKey.parse(Files.readString(file));
      if (!key.isPrivate()) {
        throw new IOException(file + " has no private key");
      }
      return new Vapid(key, contact);
    } catch (ParseException | JOSEException e) {
      throw new IOException(file + " is no VAPID key, a P-256 key as JWK: " + e.getMessage(), e);
    }
  }

  /** The header Authorization for an address at this origin. */
  String authorization(URI endpoint, Instant now) {
    String origin = origin(endpoint);
    synchronized (byOrigin) {
      Signed known = byOrigin.get(origin);
      if (known == null || !now.isBefore(known.renewAt())) {
        known = new Signed(sign(origin, now), now.plus(LASTS).minus(RENEW_BEFORE));
        byOrigin.put(origin, known);
      }
      return known.header();
    }
  }

  private String sign(String origin, Instant now) {
    try {
      SignedJWT jwt =
          new SignedJWT(
              new JWSHeader.Builder(JWSAlgorithm.ES256).type(JOSEObjectType.JWT).build(),
              new JWTClaimsSet.Builder()
                  .audience(origin)
                  .expirationTime(Date.from(now.plus(LASTS)))
                  .subject(contact)
                  .build());
      jwt.sign(signer);
      return "vapid t=" + jwt.serialize() + ", k=" + publicKey;
    } catch (JOSEException e) {
      throw new IllegalStateException("the VAPID key cannot sign", e);
    }
  }

  private static String origin(URI endpoint) {
    boolean standard = endpoint.getPort() == -1 || endpoint.getPort() == 443;
    return "https://" + endpoint.getHost() + (standard ? "" : ":" + endpoint.getPort());
  }
}
