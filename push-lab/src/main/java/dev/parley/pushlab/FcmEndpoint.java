package dev.parley.pushlab;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.parley.pushlab.http.Answer;
import dev.parley.pushlab.http.Endpoint;
import dev.parley.pushlab.http.Fault;
import dev.parley.pushlab.http.Request;
import dev.parley.pushlab.phone.Kind;
import dev.parley.pushlab.phone.Phone;
import dev.parley.pushlab.phone.Phones;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Firebase Cloud Messaging, HTTP v1, and the token endpoint of Google's accounts. Thread-safe. */
final class FcmEndpoint implements Endpoint {
  static final String TOKEN_PATH = "/token";

  private static final String SEND_PATH = "/v1/projects/" + LabKeys.PROJECT + "/messages:send";
  private static final String GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer";
  private static final String SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
  private static final Duration TOKEN_LASTS = Duration.ofHours(1);
  private static final Duration SKEW = Duration.ofMinutes(5);
  private static final int MOST_TOKENS = 1_000;

  private final LabKeys keys;
  private final Phones phones;
  private final InstantSource clock;
  private final JWSVerifier verifier;
  private final SecureRandom random = new SecureRandom();
  private final Map<String, Instant> accessTokens = new ConcurrentHashMap<>();
  private final AtomicLong messages = new AtomicLong();
  private volatile String tokenUri = "";

  FcmEndpoint(LabKeys keys, Phones phones, InstantSource clock) throws JOSEException {
    this.keys = keys;
    this.phones = phones;
    this.clock = clock;
    this.verifier = new RSASSAVerifier(keys.google().toRSAPublicKey());
  }

  /** Tells where grants are meant for, once the port is known. */
  void tokenUri(String uri) {
    this.tokenUri = uri;
  }

  /** Ends all access tokens, as when the account's key is changed. */
  void revokeAccessTokens() {
    accessTokens.clear();
  }

  @Override
  public boolean mayFail(Request request) {
    return !request.path().equals(TOKEN_PATH);
  }

  @Override
  public Answer answer(Request request) {
    if (!request.method().equals("POST")) {
      return FcmErrors.of(404, "", "no such method", List.of());
    }
    return switch (request.path()) {
      case TOKEN_PATH -> grant(request);
      case SEND_PATH -> send(request);
      default -> FcmErrors.of(403, "", "the caller does not have permission to this project", List.of());
    };
  }

  @Override
  public Answer failure(Fault fault) {
    return FcmErrors.of(fault.status(), fault.reason() == null ? FcmErrors.usual(fault.status()) : fault.reason(),
        "as told by a fault", List.of());
  }

  // ------------------------------------------------------------------ access tokens

  private Answer grant(Request request) {
    Map<String, String> form = form(request.text());
    if (!GRANT_TYPE.equals(form.get("grant_type"))) {
      return refusedGrant("unsupported_grant_type", "another grant type");
    }
    String wrong = wrongGrant(form.getOrDefault("assertion", ""), clock.instant());
    if (wrong != null) {
      return refusedGrant("invalid_grant", wrong);
    }
    return Answer.json(
        200,
        Map.of("access_token", newToken(), "expires_in", TOKEN_LASTS.toSeconds(), "token_type", "Bearer"));
  }

  private String newToken() {
    Instant now = clock.instant();
    accessTokens.values().removeIf(end -> !now.isBefore(end));
    Iterator<String> some = accessTokens.keySet().iterator();
    while (accessTokens.size() >= MOST_TOKENS && some.hasNext()) {
      some.next();
      some.remove();
    }
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    String token = "ya29." + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    accessTokens.put(token, now.plus(TOKEN_LASTS));
    return token;
  }

  /** What is wrong with it; null: nothing. */
  private @Nullable String wrongGrant(String assertion, Instant now) {
    try {
      SignedJWT jwt = SignedJWT.parse(assertion);
      JWTClaimsSet claims = jwt.getJWTClaimsSet();
      if (!JWSAlgorithm.RS256.equals(jwt.getHeader().getAlgorithm())
          || !keys.google().getKeyID().equals(jwt.getHeader().getKeyID())
          || !jwt.verify(verifier)) {
        return "Invalid JWT Signature.";
      }
      if (!LabKeys.ACCOUNT.equals(claims.getIssuer())
          || !claims.getAudience().equals(List.of(tokenUri))
          || !SCOPE.equals(claims.getStringClaim("scope"))) {
        return "Invalid issuer, audience or scope.";
      }
      if (claims.getIssueTime() == null || claims.getExpirationTime() == null) {
        return "iat and exp are needed.";
      }
      Instant issued = claims.getIssueTime().toInstant();
      Instant ends = claims.getExpirationTime().toInstant();
      boolean timely =
          issued.isBefore(now.plus(SKEW))
              && ends.isAfter(now)
              && !ends.isAfter(issued.plus(TOKEN_LASTS));
      return timely ? null : "Token must be a short-lived token (60 minutes) and in a reasonable timeframe.";
    } catch (ParseException | JOSEException e) {
      return "Invalid JWT.";
    }
  }

  private static Answer refusedGrant(String error, String description) {
    return Answer.json(400, Map.of("error", error, "error_description", description));
  }

  private static Map<String, String> form(String text) {
    Map<String, String> form = new HashMap<>();
    for (String pair : text.split("&", -1)) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        form.put(pair.substring(0, equals), URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
      }
    }
    return form;
  }

  // ------------------------------------------------------------------ messages

  private Answer send(Request request) {
    if (!isAuthorized(request.header("authorization"))) {
      return FcmErrors.of(401, "", "Request had invalid authentication credentials.", List.of());
    }
    if (request.isCut()) {
      return FcmErrors.of(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit.", List.of());
    }
    FcmMessage message;
    try {
      message = FcmMessage.read(JSONObjectUtils.parse(request.text()));
    } catch (ParseException e) {
      return FcmErrors.of(400, "INVALID_ARGUMENT", "Invalid JSON payload received.", List.of());
    } catch (FcmMessage.WrongFieldException e) {
      return FcmErrors.of(400, "INVALID_ARGUMENT", String.valueOf(e.getMessage()), List.of(e.field()));
    }
    Phone phone = phones.find(Kind.FCM, message.token());
    if (phone == null || !phone.isRegistered()) {
      return FcmErrors.of(404, "UNREGISTERED", "Requested entity was not found.", List.of());
    }
    phones.deliver(phone, message.received(clock.instant()));
    return Answer.json(
        200, Map.of("name", "projects/" + LabKeys.PROJECT + "/messages/0:" + messages.incrementAndGet()));
  }

  private boolean isAuthorized(@Nullable String header) {
    if (header == null || !header.startsWith("Bearer ")) {
      return false;
    }
    Instant end = accessTokens.get(header.substring("Bearer ".length()));
    return end != null && clock.instant().isBefore(end);
  }
}
