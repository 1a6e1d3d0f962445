package dev.parley.dispatcher.http;

import java.net.InetAddress;

/**
 * A block of addresses, as {@code 10.0.0.0/8} or {@code fc00::/7}.
 *
 * @param prefix the first address; not to be changed
 * @param bits how many leading bits all its addresses share
 */
record Network(byte[] prefix, int bits) {
  /**
   * Reads a block.
   *
   * @throws IllegalArgumentException with a message that says what is expected
   */
  static Network parse(String text) {
    int slash = text.indexOf('/');
    try {
      byte[] prefix = InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash)).getAddress();
      int bits = slash < 0 ? prefix.length * Byte.SIZE : Integer.parseInt(text.substring(slash + 1));
      if (bits >= 0 && bits <= prefix.length * Byte.SIZE) {
        return new Network(prefix, bits);
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("'" + text + "' is no network as 10.0.0.0/8 or fc00::/7", e);
    }
    throw new IllegalArgumentException("'" + text + "' has more bits than an address");
  }

  /** Whether the address, 4 or 16 bytes, lies in it. */
  boolean contains(byte[] address) {
    if (address.length != prefix.length) {
      return false;
    }
    int whole = bits / Byte.SIZE;
    for (int i = 0; i < whole; i++) {
      if (address[i] != prefix[i]) {
        return false;
      }
    }
    int mask = 0xFF00 >> (bits % Byte.SIZE) & 0xFF;
    return mask == 0 || (address[whole] & mask) == (prefix[whole] & mask);
  }
}
