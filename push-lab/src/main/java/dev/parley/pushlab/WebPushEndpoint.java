package dev.parley.pushlab;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.util.Base64URL;
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
import dev.parley.pushlab.phone.Received;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The push service of browsers, and the browsers themselves: it reads what no push service can, and says 400 when the
 * browser could not. Thread-safe.
 */
final class WebPushEndpoint implements Endpoint {
  static final String PATH = "/push/";

  private static final int MOST_BODY = 4096;
  private static final Duration LONGEST = Duration.ofHours(24);
  private static final Pattern VAPID = Pattern.compile("vapid\\s+t=([A-Za-z0-9._-]+)\\s*,\\s*k=([A-Za-z0-9_-]+)");
  private static final Pattern TOPIC = Pattern.compile("[A-Za-z0-9_-]{1,32}");
  private static final Set<String> URGENCIES = Set.of("very-low", "low", "normal", "high");

  private final Phones phones;
  private final InstantSource clock;
  private final JWSVerifier verifier;
  private final String publicKey;
  private volatile String origin = "";
  /** The newest signature that was good, until it ends: each is used for hours. */
  private volatile @Nullable Signature known;

  private record Signature(String text, Instant end) {}

  WebPushEndpoint(LabKeys keys, Phones phones, InstantSource clock) throws JOSEException {
    this.phones = phones;
    this.clock = clock;
    this.verifier = new ECDSAVerifier(keys.vapid().toECPublicKey());
    byte[] x = keys.vapid().getX().decode();
    byte[] y = keys.vapid().getY().decode();
    this.publicKey =
        Base64URL.encode(ByteBuffer.allocate(1 + x.length + y.length).put((byte) 4).put(x).put(y).array()).toString();
  }

  /** Tells for whom signatures are meant, once the port is known. */
  void origin(String origin) {
    this.origin = origin;
  }

  @Override
  public Answer failure(Fault fault) {
    return Answer.empty(fault.status());
  }

  @Override
  public Answer answer(Request request) {
    if (!request.path().startsWith(PATH)) {
      return Answer.empty(404);
    }
    if (!request.method().equals("POST")) {
      return Answer.empty(405);
    }
    int refused = refused(request);
    if (refused != 0) {
      return Answer.empty(refused);
    }
    Phone browser = phones.find(Kind.WEB_PUSH, request.path().substring(PATH.length()));
    if (browser == null || !browser.isRegistered()) {
      return Answer.empty(browser == null ? 404 : 410);
    }
    try {
      byte[] plain = phones.decrypt(browser, request.body());
      phones.deliver(browser, received(request, new String(plain, StandardCharsets.UTF_8)));
      return Answer.empty(201).with("location", origin + "/message/" + clock.millis());
    } catch (GeneralSecurityException | ParseException e) {
      return Answer.json(400, Map.of("message", "the browser cannot read it"));
    }
  }

  /** The status; 0: it is as it must be. */
  private int refused(Request request) {
    String ttl = request.header("ttl");
    String topic = request.header("topic");
    String urgency = request.header("urgency");
    if (ttl == null || !ttl.matches("\\d{1,10}")) {
      return 400;
    }
    if (topic != null && !TOPIC.matcher(topic).matches()) {
      return 400;
    }
    if (urgency != null && !URGENCIES.contains(urgency)) {
      return 400;
    }
    if (!"aes128gcm".equals(request.header("content-encoding"))) {
      return 415;
    }
    if (request.body().length > MOST_BODY || request.isCut()) {
      return 413;
    }
    return unauthorized(request.header("authorization"));
  }

  private int unauthorized(@Nullable String header) {
    Matcher parts = VAPID.matcher(header == null ? "" : header);
    if (!parts.matches()) {
      return 401;
    }
    if (!parts.group(2).equals(publicKey)) {
      return 403;
    }
    Instant now = clock.instant();
    Signature signature = known;
    if (signature == null || !signature.text().equals(parts.group(1))) {
      signature = signature(parts.group(1), now);
      known = signature;
    }
    return signature != null && now.isBefore(signature.end()) ? 0 : 403;
  }

  private @Nullable Signature signature(String text, Instant now) {
    try {
      SignedJWT jwt = SignedJWT.parse(text);
      JWTClaimsSet claims = jwt.getJWTClaimsSet();
      if (claims.getExpirationTime() == null || claims.getSubject() == null) {
        return null;
      }
      Instant end = claims.getExpirationTime().toInstant();
      boolean good =
          JWSAlgorithm.ES256.equals(jwt.getHeader().getAlgorithm())
              && claims.getAudience().equals(List.of(origin))
              && !end.isAfter(now.plus(LONGEST))
              && jwt.verify(verifier);
      return good ? new Signature(text, end) : null;
    } catch (ParseException | JOSEException e) {
      return null;
    }
  }

  private Received received(Request request, String plain) throws ParseException {
    Map<String, Object> json = JSONObjectUtils.parse(plain);
    String topic = request.header("topic");
    String id = json.get("id") instanceof String text ? text : "";
    return new Received(
        clock.instant(),
        id,
        topic == null ? id : topic,
        json.get("conversation_id") instanceof String conversation ? conversation : "",
        json.get("seq") instanceof Number seq ? seq.longValue() : 0,
        JSONObjectUtils.getString(json, "title"),
        JSONObjectUtils.getString(json, "body"),
        json.get("badge") instanceof Number badge ? badge.intValue() : 0,
        Boolean.TRUE.equals(json.get("withdraw")));
  }
}
