package dev.parley.dispatcher.push.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.util.Base64URL;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.interfaces.ECPublicKey;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class MessageEncryptionTest {
  /** RFC 8291, section 5 and appendix A. */
  private static final String BROWSER =
      "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

  private static final String SENDER =
      "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
  private static final String SENDER_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
  private static final String SECRET = "BTBZMqHH6r4Tts7J_aSIgg";
  private static final String SALT = "DGv6ra1nlYgDCS1FRnbzlw";
  private static final String MESSAGE =
      "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
          + "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

  @Test
  void encryptsTheExampleOfTheRfc() throws Exception {
    byte[] message =
        MessageEncryption.encrypt(
            "When I grow up, I want to be a watermelon".getBytes(StandardCharsets.US_ASCII),
            P256.decode(bytes(BROWSER)),
            bytes(SECRET),
            sender(),
            bytes(SALT));
    assertThat(Base64.getUrlEncoder().withoutPadding().encodeToString(message)).isEqualTo(MESSAGE);
  }

  @Test
  void noTwoMessagesAreAlike() throws Exception {
    MessageEncryption encryption = new MessageEncryption();
    ECPublicKey browser = P256.decode(bytes(BROWSER));
    assertThat(encryption.encrypt(new byte[10], browser, bytes(SECRET)))
        .isNotEqualTo(encryption.encrypt(new byte[10], browser, bytes(SECRET)));
  }

  @Test
  void theLargestTextMakesAMessageOf4096Bytes() throws Exception {
    MessageEncryption encryption = new MessageEncryption();
    ECPublicKey browser = P256.decode(bytes(BROWSER));
    assertThat(encryption.encrypt(new byte[MessageEncryption.MOST_PLAIN], browser, bytes(SECRET))).hasSize(4096);
    assertThatThrownBy(
            () -> encryption.encrypt(new byte[MessageEncryption.MOST_PLAIN + 1], browser, bytes(SECRET)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aPointKeepsItsLeadingZeros() throws Exception {
    for (int i = 0; i < 50; i++) {
      ECPublicKey key = (ECPublicKey) P256.generate().getPublic();
      assertThat(P256.decode(P256.encode(key)).getW()).isEqualTo(key.getW());
    }
  }

  @Test
  void aPointThatIsNotOnTheCurveIsRefused() {
    byte[] point = bytes(BROWSER);
    point[64] ^= 1;
    assertThatThrownBy(() -> P256.decode(point)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> P256.decode(new byte[65])).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> P256.decode(Arrays.copyOf(bytes(BROWSER), 64)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static KeyPair sender() throws Exception {
    byte[] point = bytes(SENDER);
    return new ECKey.Builder(
            Curve.P_256,
            Base64URL.encode(Arrays.copyOfRange(point, 1, 33)),
            Base64URL.encode(Arrays.copyOfRange(point, 33, 65)))
        .d(new Base64URL(SENDER_PRIVATE))
        .build()
        .toKeyPair();
  }

  private static byte[] bytes(String base64) {
    return Base64.getUrlDecoder().decode(base64);
  }
}
