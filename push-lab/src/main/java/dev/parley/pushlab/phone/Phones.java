package dev.parley.pushlab.phone;

import com.google.protobuf.ByteString;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.v1.ApnsTarget;
import dev.parley.v1.FcmTarget;
import dev.parley.v1.PushTarget;
import dev.parley.v1.WebPushTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.text.ParseException;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * All phones that there are. Kept in a file, one line for each that was made and for each whose token ended, so that
 * tokens outlive a restart; what phones show does not. Thread-safe.
 */
public final class Phones {
  private static final int MOST = 100_000;
  private static final int MOST_NAME = 128;
  /** Pushes that all phones remember together, some 600 bytes each; the oldest are forgotten first. */
  private static final int MOST_REMEMBERED = 20_000;
  private static final int TOKEN_BYTES = 32;

  private final Path file;
  private final String webPushBase;
  private final int keep;
  private final Feed feed = new Feed();
  private final SecureRandom random = new SecureRandom();
  private final Map<String, Phone> byId = new ConcurrentSkipListMap<>();
  /** By token, or the last part of an endpoint. */
  private final Map<String, Phone> byToken = new ConcurrentHashMap<>();
  private final Map<String, BrowserKeys> keys = new ConcurrentHashMap<>();
  /** A phone for each push that is remembered, about in the order in which they came. */
  private final Deque<Phone> remembering = new ArrayDeque<>();
  private final Map<Kind, LongAdder> delivered = new EnumMap<>(Kind.class);

  /**
   * The phones of this file.
   *
   * @param webPushBase what the endpoints of browsers start with
   * @param keep how many pushes a phone remembers
   */
  public Phones(Path file, String webPushBase, int keep) throws IOException {
    this.file = file;
    this.webPushBase = webPushBase;
    this.keep = keep;
    for (Kind kind : Kind.values()) {
      delivered.put(kind, new LongAdder());
    }
    if (Files.exists(file)) {
      for (String line : Files.readAllLines(file)) {
        read(line);
      }
    } else {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
  }

  private void read(String line) throws IOException {
    try {
      Map<String, Object> json = JSONObjectUtils.parse(line);
      String id = required(json, "id");
      if (json.containsKey("unregistered")) {
        Objects.requireNonNull(byId.get(id), "a phone that was never made").unregister();
        return;
      }
      Kind kind = Kind.of(required(json, "provider"));
      BrowserKeys browser =
          kind == Kind.WEB_PUSH
              ? new BrowserKeys(
                  ECKey.parse(required(json, "key")), Base64.getDecoder().decode(required(json, "secret")))
              : null;
      add(id, required(json, "name"), kind, required(json, "token"), browser);
    } catch (ParseException | IllegalArgumentException | NullPointerException e) {
      throw new IOException(file + " cannot be read; remove it to begin without phones", e);
    }
  }

  private static String required(Map<String, Object> json, String name) throws ParseException {
    return Objects.requireNonNull(JSONObjectUtils.getString(json, name), name);
  }

  /**
   * A new phone, whose token is good from now on.
   *
   * @param name up to 128 characters
   * @throws IllegalArgumentException if the name is empty or too long, or there are 100,000 phones
   */
  public synchronized Phone create(Kind kind, String name) throws IOException {
    if (name.isBlank() || name.length() > MOST_NAME || byId.size() >= MOST) {
      throw new IllegalArgumentException("a name has 1 to 128 characters, and there are at most 100,000 phones");
    }
    String id = String.format("%05d", byId.size() + 1);
    BrowserKeys browser = kind == Kind.WEB_PUSH ? BrowserKeys.generate(random) : null;
    String token = token(kind);
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("id", id);
    line.put("name", name);
    line.put("provider", kind.provider());
    line.put("token", token);
    if (browser != null) {
      line.put("key", browser.key().toJSONString());
      line.put("secret", Base64.getEncoder().encodeToString(browser.secret()));
    }
    append(line);
    return add(id, name, kind, token, browser);
  }

  private String token(Kind kind) {
    byte[] bytes = new byte[TOKEN_BYTES];
    random.nextBytes(bytes);
    return switch (kind) {
      case FCM -> "lab:APA91b" + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
      case APNS -> HexFormat.of().formatHex(bytes);
      case WEB_PUSH -> Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    };
  }

  private Phone add(String id, String name, Kind kind, String token, @Nullable BrowserKeys browser) {
    PushTarget.Builder target = PushTarget.newBuilder();
    switch (kind) {
      case FCM -> target.setFcm(FcmTarget.newBuilder().setToken(token));
      case APNS -> target.setApns(ApnsTarget.newBuilder().setToken(token));
      case WEB_PUSH -> {
        BrowserKeys its = Objects.requireNonNull(browser);
        target.setWebPush(
            WebPushTarget.newBuilder()
                .setEndpoint(webPushBase + token)
                .setP256Dh(ByteString.copyFrom(its.point()))
                .setAuth(ByteString.copyFrom(its.secret())));
        keys.put(id, its);
      }
    }
    Phone phone = new Phone(id, name, kind, target.build(), keep);
    byId.put(id, phone);
    byToken.put(token, phone);
    return phone;
  }

  private void append(Map<String, Object> line) throws IOException {
    Files.writeString(file, JSONObjectUtils.toJSONString(line) + "\n", StandardOpenOption.APPEND);
  }

  /** The phone of this kind and token; null: the token was never given out. */
  public @Nullable Phone find(Kind kind, String token) {
    Phone phone = byToken.get(token);
    return phone != null && phone.kind() == kind ? phone : null;
  }

  /** The phone of this id. */
  public @Nullable Phone get(String id) {
    return byId.get(id);
  }

  /** All of them, in the order in which they were made. */
  public List<Phone> all() {
    return List.copyOf(byId.values());
  }

  /** Those whose names begin so, in the order in which they were made. */
  public List<Phone> named(String prefix) {
    return byId.values().stream().filter(phone -> phone.name().startsWith(prefix)).toList();
  }

  /** Ends the token of a phone, as when the app is removed. */
  public synchronized void unregister(Phone phone) throws IOException {
    append(Map.of("id", phone.id(), "unregistered", true));
    phone.unregister();
  }

  /**
   * What was encrypted for this browser.
   *
   * @throws GeneralSecurityException if it cannot read it
   */
  public byte[] decrypt(Phone browser, byte[] message) throws GeneralSecurityException {
    BrowserKeys its = keys.get(browser.id());
    if (its == null) {
      throw new GeneralSecurityException(browser.id() + " is no browser");
    }
    return its.decrypt(message);
  }

  /** Brings a push to a phone, and tells it to whoever listens. */
  public void deliver(Phone phone, Received push) {
    delivered(phone.kind()).increment();
    if (phone.receive(push)) {
      remember(phone);
    }
    feed.publish(phone, push);
  }

  private synchronized void remember(Phone phone) {
    remembering.add(phone);
    if (remembering.size() > MOST_REMEMBERED) {
      remembering.remove().forget();
    }
  }

  private LongAdder delivered(Kind kind) {
    return Objects.requireNonNull(delivered.get(kind));
  }

  /** How many pushes all phones of this kind have got since the lab was started. */
  public long received(Kind kind) {
    return delivered(kind).sum();
  }

  /** Tells all pushes. */
  public Feed feed() {
    return feed;
  }
}
