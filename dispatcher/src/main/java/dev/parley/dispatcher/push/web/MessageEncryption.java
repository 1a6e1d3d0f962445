package dev.parley.dispatcher.push.web;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.interfaces.ECPublicKey;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts what only a browser may read (RFC 8291) as one record of the coding {@code aes128gcm} (RFC 8188). Thread-safe.
 */
public final class MessageEncryption {
  /** The most bytes of a text: a push service need not take more than 4,096 bytes in all. */
  static final int MOST_PLAIN = 3993;

  private static final int RECORD_BYTES = 4096;
  private static final int SALT_BYTES = 16;
  private static final int HEADER_BYTES = SALT_BYTES + 4 + 1 + P256.POINT_BYTES;
  private static final int TAG_BYTES = 16;
  private static final byte LAST_RECORD = 2;
  private static final byte[] CEK_INFO = "Content-Encoding: aes128gcm\0".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] NONCE_INFO = "Content-Encoding: nonce\0".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] KEY_INFO = "WebPush: info\0".getBytes(StandardCharsets.US_ASCII);

  private final SecureRandom random = new SecureRandom();

  /**
   * The text for a browser.
   *
   * @param plain 3,993 bytes at most
   * @param browser its key, a point of P-256
   * @param secret the 16 bytes that it shares with whoever it has told its key
   */
  public byte[] encrypt(byte[] plain, ECPublicKey browser, byte[] secret) throws GeneralSecurityException {
    byte[] salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    return encrypt(plain, browser, secret, P256.generate(), salt);
  }

  /** With a key pair and a salt that must never be used twice. */
  static byte[] encrypt(byte[] plain, ECPublicKey browser, byte[] secret, KeyPair sender, byte[] salt)
      throws GeneralSecurityException {
    if (plain.length > MOST_PLAIN) {
      throw new IllegalArgumentException("more than " + MOST_PLAIN + " bytes");
    }
    byte[] senderPoint = P256.encode((ECPublicKey) sender.getPublic());
    KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
    agreement.init(sender.getPrivate());
    agreement.doPhase(browser, true);
    byte[] info =
        ByteBuffer.allocate(KEY_INFO.length + 2 * P256.POINT_BYTES)
            .put(KEY_INFO)
            .put(P256.encode(browser))
            .put(senderPoint)
            .array();
    byte[] input = derive(agreement.generateSecret(), secret, info, 32);
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(
        Cipher.ENCRYPT_MODE,
        new SecretKeySpec(derive(input, salt, CEK_INFO, 16), "AES"),
        new GCMParameterSpec(8 * TAG_BYTES, derive(input, salt, NONCE_INFO, 12)));
    ByteBuffer out =
        ByteBuffer.allocate(HEADER_BYTES + plain.length + 1 + TAG_BYTES)
            .put(salt)
            .putInt(RECORD_BYTES)
            .put((byte) P256.POINT_BYTES)
            .put(senderPoint);
    cipher.update(ByteBuffer.wrap(plain), out);
    cipher.doFinal(ByteBuffer.wrap(new byte[] {LAST_RECORD}), out);
    return out.array();
  }

  private static byte[] derive(byte[] input, byte[] salt, byte[] info, int bytes) throws GeneralSecurityException {
    return KDF.getInstance("HKDF-SHA256")
        .deriveData(HKDFParameterSpec.ofExtract().addIKM(input).addSalt(salt).thenExpand(info, bytes));
  }
}
