package dev.parley.pushlab;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.AsymmetricJWK;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.edge.DevCertificates;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.PrivateKey;
import java.text.ParseException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The keys of all accounts, in one directory: made once, and given to the dispatcher as the files that the real services
 * give out.
 *
 * @param google of the service account
 * @param apple of the developer account
 * @param vapid of the sender of Web Push
 * @param certificates of all servers
 */
record LabKeys(Path directory, RSAKey google, ECKey apple, ECKey vapid, DevCertificates certificates) {
  static final String PROJECT = "parley-lab";
  static final String ACCOUNT = "dispatcher@parley-lab.iam.gserviceaccount.com";
  static final String TEAM_ID = "PARLEYTEAM";
  static final String TOPIC = "dev.parley.lab";

  private static final String GOOGLE_KEY_ID = "parley-lab-google";
  private static final String APPLE_KEY_ID = "PARLEYKEY1";
  private static final int RSA_BITS = 2048;

  private interface Generator<T> {
    T generate() throws JOSEException;
  }

  private interface Reader<T> {
    T read(String json) throws ParseException;
  }

  /** The keys of this directory, made if they are not there. */
  static LabKeys in(Path directory) throws IOException {
    Files.createDirectories(
        directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    return new LabKeys(
        directory,
        key(directory.resolve("google.jwk"), () -> new RSAKeyGenerator(RSA_BITS).keyID(GOOGLE_KEY_ID).generate(),
            RSAKey::parse),
        key(directory.resolve("apple.jwk"), () -> new ECKeyGenerator(Curve.P_256).keyID(APPLE_KEY_ID).generate(),
            ECKey::parse),
        key(directory.resolve("vapid.jwk"), () -> new ECKeyGenerator(Curve.P_256).generate(), ECKey::parse),
        DevCertificates.in(directory.resolve("tls")));
  }

  private static <T extends JWK> T key(Path file, Generator<T> generator, Reader<T> reader)
      throws IOException {
    try {
      if (Files.exists(file)) {
        return reader.read(Files.readString(file));
      }
      T key = generator.generate();
      write(file, key.toJSONString());
      return key;
    } catch (JOSEException | ParseException e) {
      throw new IOException(file + " is no key; remove it to have a new one made", e);
    }
  }

  String appleKeyId() {
    return APPLE_KEY_ID;
  }

  /** The service account, as the Firebase console gives it out. */
  Path serviceAccount(String tokenUri) throws IOException {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("type", "service_account");
    json.put("project_id", PROJECT);
    json.put("private_key_id", GOOGLE_KEY_ID);
    json.put("private_key", pem(privateKey(google)));
    json.put("client_email", ACCOUNT);
    json.put("token_uri", tokenUri);
    Path file = directory.resolve("fcm-service-account.json");
    write(file, JSONObjectUtils.toJSONString(json));
    return file;
  }

  /** The signing key, as Apple gives it out. */
  Path appleKeyFile() throws IOException {
    Path file = directory.resolve("apns-key.p8");
    write(file, pem(privateKey(apple)));
    return file;
  }

  /** The VAPID key, as the dispatcher reads it. */
  Path vapidFile() {
    return directory.resolve("vapid.jwk");
  }

  private static PrivateKey privateKey(AsymmetricJWK key) throws IOException {
    try {
      return key.toPrivateKey();
    } catch (JOSEException e) {
      throw new IOException("a key of the push lab cannot be used", e);
    }
  }

  private static String pem(PrivateKey key) {
    String base64 =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(key.getEncoded());
    return "-----BEGIN PRIVATE KEY-----\n" + base64 + "\n-----END PRIVATE KEY-----\n";
  }

  /** Written beside and moved into place: a reader, or a kill, never meets half a file. Readable by its owner only. */
  static void write(Path file, String content) throws IOException {
    Path part =
        Files.createTempFile(
            file.toAbsolutePath().getParent(),
            file.getFileName().toString(),
            ".part",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(part, content);
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Without the keys. */
  @Override
  public String toString() {
    return "LabKeys[" + directory + "]";
  }
}
