package dev.parley.dispatcher.push;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;

/** By what a provider knows that one push replaces another: all pushes of a conversation have the same. */
public final class CollapseId {
  private static final int HASHED_BYTES = 24;

  private CollapseId() {}

  /** The conversation's id if it is printable ASCII of at most so many bytes, else a hash of it: 32 characters. */
  public static String of(String conversationId, int most) {
    boolean fits = conversationId.length() <= most && conversationId.chars().allMatch(c -> c > ' ' && c < 0x7f);
    return fits ? conversationId : hashed(conversationId);
  }

  /** 32 characters of the URL-safe alphabet of base64. */
  public static String hashed(String conversationId) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(conversationId.getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder().encodeToString(Arrays.copyOf(hash, HASHED_BYTES));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
