package dev.parley.pushlab.phone;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** What a browser keeps of a subscription, and with what it reads its messages (RFC 8291, RFC 8188). */
record BrowserKeys(ECKey key, byte[] secret) {
  private static final int SALT_BYTES = 16;
  private static final int SECRET_BYTES = 16;
  private static final int COORDINATE_BYTES = 32;
  private static final int POINT_BYTES = 1 + 2 * COORDINATE_BYTES;
  private static final int TAG_BYTES = 16;

  static BrowserKeys generate(SecureRandom random) {
    try {
      byte[] secret = new byte[SECRET_BYTES];
      random.nextBytes(secret);
      return new BrowserKeys(new ECKeyGenerator(Curve.P_256).generate(), secret);
    } catch (JOSEException e) {
      throw new IllegalStateException("this Java platform cannot make P-256 keys", e);
    }
  }

  /** The public key as browsers give it out. */
  byte[] point() {
    return point(key);
  }

  /** A public key as 65 bytes. */
  static byte[] point(ECKey key) {
    ByteArrayOutputStream point = new ByteArrayOutputStream(POINT_BYTES);
    point.write(4);
    point.writeBytes(key.getX().decode());
    point.writeBytes(key.getY().decode());
    return point.toByteArray();
  }

  /**
   * What was meant for this browser.
   *
   * @throws GeneralSecurityException if it was not, or is no message of one record
   */
  byte[] decrypt(byte[] message) throws GeneralSecurityException {
    if (message.length < SALT_BYTES + 5 + POINT_BYTES + TAG_BYTES + 1) {
      throw new GeneralSecurityException("too short");
    }
    ByteBuffer in = ByteBuffer.wrap(message);
    byte[] salt = new byte[SALT_BYTES];
    in.get(salt);
    int record = in.getInt();
    int idLength = in.get() & 0xff;
    if (idLength != POINT_BYTES || record < TAG_BYTES + 2) {
      throw new GeneralSecurityException("no key of the sender, or an impossible size of records");
    }
    byte[] sender = new byte[POINT_BYTES];
    in.get(sender);
    if (in.remaining() > record) {
      throw new GeneralSecurityException("more than one record");
    }
    byte[] input = input(sender);
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(
        Cipher.DECRYPT_MODE,
        new SecretKeySpec(expand(input, salt, "Content-Encoding: aes128gcm\0", 16), "AES"),
        new GCMParameterSpec(8 * TAG_BYTES, expand(input, salt, "Content-Encoding: nonce\0", 12)));
    byte[] padded = cipher.doFinal(message, in.position(), in.remaining());
    int end = padded.length - 1;
    while (end >= 0 && padded[end] == 0) {
      end--;
    }
    if (end < 0 || padded[end] != 2) {
      throw new GeneralSecurityException("not marked as the last record");
    }
    return Arrays.copyOf(padded, end);
  }

  private byte[] input(byte[] sender) throws GeneralSecurityException {
    try {
      ECKey other =
          new ECKey.Builder(
                  Curve.P_256,
                  Base64URL.encode(Arrays.copyOfRange(sender, 1, 1 + COORDINATE_BYTES)),
                  Base64URL.encode(Arrays.copyOfRange(sender, 1 + COORDINATE_BYTES, POINT_BYTES)))
              .build();
      KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
      agreement.init(key.toECPrivateKey());
      agreement.doPhase(other.toECPublicKey(), true);
      byte[] info =
          ByteBuffer.allocate(14 + 2 * POINT_BYTES)
              .put("WebPush: info\0".getBytes(StandardCharsets.US_ASCII))
              .put(point())
              .put(sender)
              .array();
      return KDF.getInstance("HKDF-SHA256")
          .deriveData(
              HKDFParameterSpec.ofExtract().addIKM(agreement.generateSecret()).addSalt(secret).thenExpand(info, 32));
    } catch (JOSEException | IllegalArgumentException | IllegalStateException e) {
      throw new GeneralSecurityException("the sender's key is none", e);
    }
  }

  private static byte[] expand(byte[] input, byte[] salt, String info, int bytes) throws GeneralSecurityException {
    return KDF.getInstance("HKDF-SHA256")
        .deriveData(
            HKDFParameterSpec.ofExtract()
                .addIKM(input)
                .addSalt(salt)
                .thenExpand(info.getBytes(StandardCharsets.US_ASCII), bytes));
  }
}
