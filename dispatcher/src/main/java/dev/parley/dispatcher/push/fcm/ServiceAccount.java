package dev.parley.dispatcher.push.fcm;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** As whom the dispatcher speaks to Google: the file that the Firebase console gives out. */
record ServiceAccount(String projectId, String keyId, PrivateKey key, String email, URI tokenUri) {
  private static final String SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
  private static final Duration GRANT_LASTS = Duration.ofHours(1);

  /** The account of this file. */
  static ServiceAccount read(Path file) throws IOException {
    try {
      Map<String, Object> json = JSONObjectUtils.parse(Files.readString(file));
      return new ServiceAccount(
          required(json, "project_id"),
          required(json, "private_key_id"),
          key(required(json, "private_key")),
          required(json, "client_email"),
          URI.create(required(json, "token_uri")));
    } catch (ParseException | GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException(file + " is no service account file: " + e.getMessage(), e);
    }
  }

  private static String required(Map<String, Object> json, String name) throws ParseException {
    @Nullable String value = JSONObjectUtils.getString(json, name);
    if (value == null || value.isEmpty()) {
      throw new ParseException("it has no " + name, 0);
    }
    return value;
  }

  private static PrivateKey key(String pem) throws GeneralSecurityException {
    String base64 = pem.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
    return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(base64)));
  }

  /** What an access token is asked for with: a JWT signed by the account. */
  String grant(Instant now) {
    try {
      SignedJWT jwt =
          new SignedJWT(
              new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(keyId).build(),
              new JWTClaimsSet.Builder()
                  .issuer(email)
                  .claim("scope", SCOPE)
                  .audience(tokenUri.toString())
                  .issueTime(Date.from(now))
                  .expirationTime(Date.from(now.plus(GRANT_LASTS)))
                  .build());
      jwt.sign(new RSASSASigner(key));
      return jwt.serialize();
    } catch (JOSEException e) {
      throw new IllegalStateException("the key of the service account cannot sign", e);
    }
  }

  /** Without its key. */
  @Override
  public String toString() {
    return "ServiceAccount[" + email + "]";
  }
}
