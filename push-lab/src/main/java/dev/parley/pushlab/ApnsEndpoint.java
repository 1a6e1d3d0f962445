package dev.parley.pushlab;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.SignedJWT;
import dev.parley.pushlab.http.Answer;
import dev.parley.pushlab.http.Endpoint;
import dev.parley.pushlab.http.Fault;
import dev.parley.pushlab.http.Request;
import dev.parley.pushlab.phone.Kind;
import dev.parley.pushlab.phone.Phone;
import dev.parley.pushlab.phone.Phones;
import dev.parley.pushlab.phone.Received;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Apple Push Notification service, with provider tokens. Thread-safe. */
final class ApnsEndpoint implements Endpoint {
  private static final String PATH = "/3/device/";
  private static final Pattern TOKEN = Pattern.compile("[0-9A-Fa-f]{64,200}");
  private static final int MOST_PAYLOAD = 4096;
  private static final int MOST_COLLAPSE_ID = 64;
  private static final int JWT_SIGNATURE_BYTES = 64;
  private static final Duration TOKEN_LASTS = Duration.ofHours(1);
  private static final Set<String> TYPES = Set.of("alert", "background");
  private static final Set<String> PRIORITIES = Set.of("1", "5", "10");

  private final LabKeys keys;
  private final Phones phones;
  private final InstantSource clock;
  private final ECPublicKey publicKey;
  /** The newest provider token that was good: each is used for an hour. */
  private volatile @Nullable ProviderToken known;

  private record ProviderToken(String text, Instant issued) {}

  /** A refusal with the service's own name of it. */
  private static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final int status;

    RefusedException(int status, String reason) {
      super(reason, null, false, false);
      this.status = status;
    }
  }

  ApnsEndpoint(LabKeys keys, Phones phones, InstantSource clock) throws JOSEException {
    this.keys = keys;
    this.phones = phones;
    this.clock = clock;
    this.publicKey = keys.apple().toECPublicKey();
  }

  @Override
  public Answer answer(Request request) {
    String id = request.header("apns-id") == null ? UUID.randomUUID().toString() : request.header("apns-id");
    try {
      deliver(request, String.valueOf(id));
      return Answer.empty(200).with("apns-id", String.valueOf(id));
    } catch (RefusedException e) {
      Map<String, Object> body =
          e.status == 410
              ? Map.of("reason", String.valueOf(e.getMessage()), "timestamp", clock.millis())
              : Map.of("reason", String.valueOf(e.getMessage()));
      return Answer.json(e.status, body).with("apns-id", String.valueOf(id));
    }
  }

  @Override
  public Answer failure(Fault fault) {
    String usual =
        switch (fault.status()) {
          case 403 -> "InvalidProviderToken";
          case 410 -> "Unregistered";
          case 413 -> "PayloadTooLarge";
          case 429 -> "TooManyRequests";
          case 500 -> "InternalServerError";
          case 503 -> "ServiceUnavailable";
          default -> "BadDeviceToken";
        };
    Map<String, Object> body =
        fault.status() == 410
            ? Map.of("reason", usual, "timestamp", clock.millis())
            : Map.of("reason", fault.reason() == null ? usual : fault.reason());
    return Answer.json(fault.status(), body).with("apns-id", UUID.randomUUID().toString());
  }

  private void deliver(Request request, String id) throws RefusedException {
    if (!request.method().equals("POST")) {
      throw new RefusedException(405, "MethodNotAllowed");
    }
    if (!request.path().startsWith(PATH)) {
      throw new RefusedException(404, "BadPath");
    }
    checkProvider(request.header("authorization"));
    checkHeaders(request, id);
    if (request.body().length == 0) {
      throw new RefusedException(400, "PayloadEmpty");
    }
    if (request.body().length > MOST_PAYLOAD) {
      throw new RefusedException(413, "PayloadTooLarge");
    }
    String token = request.path().substring(PATH.length());
    Phone phone = TOKEN.matcher(token).matches() ? phones.find(Kind.APNS, token) : null;
    if (phone == null) {
      throw new RefusedException(400, "BadDeviceToken");
    }
    if (!phone.isRegistered()) {
      throw new RefusedException(410, "Unregistered");
    }
    phones.deliver(phone, received(request, id));
  }

  private static void checkHeaders(Request request, String id) throws RefusedException {
    if (!LabKeys.TOPIC.equals(request.header("apns-topic"))) {
      throw new RefusedException(400, request.header("apns-topic") == null ? "MissingTopic" : "TopicDisallowed");
    }
    if (!TYPES.contains(String.valueOf(request.header("apns-push-type")))) {
      throw new RefusedException(400, "InvalidPushType");
    }
    String priority = request.header("apns-priority");
    boolean background = "background".equals(request.header("apns-push-type"));
    if ((priority != null && !PRIORITIES.contains(priority)) || (background && !"5".equals(priority))) {
      throw new RefusedException(400, "BadPriority");
    }
    String collapse = request.header("apns-collapse-id");
    if (collapse != null && collapse.getBytes(StandardCharsets.UTF_8).length > MOST_COLLAPSE_ID) {
      throw new RefusedException(400, "BadCollapseId");
    }
    String expiration = request.header("apns-expiration");
    if (expiration != null && !expiration.matches("\\d{1,12}")) {
      throw new RefusedException(400, "BadExpirationDate");
    }
    try {
      UUID.fromString(id);
    } catch (IllegalArgumentException e) {
      throw new RefusedException(400, "BadMessageId");
    }
  }

  private void checkProvider(@Nullable String header) throws RefusedException {
    if (header == null || !header.regionMatches(true, 0, "bearer ", 0, 7)) {
      throw new RefusedException(403, "MissingProviderToken");
    }
    String text = header.substring(7);
    ProviderToken token = known;
    if (token == null || !token.text().equals(text)) {
      token = new ProviderToken(text, issued(text));
      known = token;
    }
    if (token.issued().plus(TOKEN_LASTS).isBefore(clock.instant())) {
      throw new RefusedException(403, "ExpiredProviderToken");
    }
  }

  private Instant issued(String text) throws RefusedException {
    try {
      SignedJWT jwt = SignedJWT.parse(text);
      @Nullable Date issued = jwt.getJWTClaimsSet().getIssueTime();
      if (issued == null
          || !JWSAlgorithm.ES256.equals(jwt.getHeader().getAlgorithm())
          || !keys.appleKeyId().equals(jwt.getHeader().getKeyID())
          || !LabKeys.TEAM_ID.equals(jwt.getJWTClaimsSet().getIssuer())
          || !isSigned(jwt)) {
        throw new RefusedException(403, "InvalidProviderToken");
      }
      return issued.toInstant();
    } catch (ParseException | GeneralSecurityException e) {
      throw new RefusedException(403, "InvalidProviderToken");
    }
  }

  /** As a JWT is signed, or in DER, as the client library does. Whether the real service takes both was not tried here. */
  private boolean isSigned(SignedJWT jwt) throws GeneralSecurityException {
    byte[] signed = jwt.getSignature().decode();
    Signature signature =
        Signature.getInstance(signed.length == JWT_SIGNATURE_BYTES ? "SHA256withECDSAinP1363Format" : "SHA256withECDSA");
    signature.initVerify(publicKey);
    signature.update(jwt.getSigningInput());
    return signature.verify(signed);
  }

  private Received received(Request request, String id) throws RefusedException {
    try {
      Map<String, Object> payload = JSONObjectUtils.parse(request.text());
      @Nullable Map<String, Object> aps = JSONObjectUtils.getJSONObject(payload, "aps");
      if (aps == null) {
        throw new RefusedException(400, "PayloadEmpty");
      }
      @Nullable Map<String, Object> alert = JSONObjectUtils.getJSONObject(aps, "alert");
      String collapse = request.header("apns-collapse-id");
      return new Received(
          clock.instant(),
          id,
          collapse == null ? id : collapse,
          payload.get("conversation_id") instanceof String conversation ? conversation : "",
          payload.get("seq") instanceof Number seq ? seq.longValue() : 0,
          alert == null ? null : JSONObjectUtils.getString(alert, "title"),
          alert == null ? null : JSONObjectUtils.getString(alert, "body"),
          aps.get("badge") instanceof Number badge ? badge.intValue() : 0,
          Boolean.TRUE.equals(payload.get("withdraw")));
    } catch (ParseException e) {
      throw new RefusedException(400, "PayloadEmpty");
    }
  }
}
