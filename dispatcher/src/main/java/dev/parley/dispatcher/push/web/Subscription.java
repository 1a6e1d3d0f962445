package dev.parley.dispatcher.push.web;

import dev.parley.v1.WebPushTarget;
import java.net.URI;
import java.net.URISyntaxException;
import java.security.GeneralSecurityException;
import java.security.interfaces.ECPublicKey;

/** A browser's subscription, with everything that a user could have written into it checked. */
record Subscription(URI endpoint, ECPublicKey key, byte[] secret) {
  private static final int SECRET_BYTES = 16;

  /**
   * What the user has registered.
   *
   * @throws IllegalArgumentException with what is wrong with it: it will never be right
   */
  static Subscription of(WebPushTarget target) {
    if (target.getAuth().size() != SECRET_BYTES) {
      throw new IllegalArgumentException("auth is not of " + SECRET_BYTES + " bytes");
    }
    try {
      URI endpoint = new URI(target.getEndpoint());
      if (!"https".equalsIgnoreCase(endpoint.getScheme()) || endpoint.getHost() == null) {
        throw new IllegalArgumentException("the endpoint is no https address");
      }
      if (endpoint.getRawUserInfo() != null || endpoint.getRawFragment() != null) {
        throw new IllegalArgumentException("the endpoint has a user or a fragment");
      }
      return new Subscription(endpoint, P256.decode(target.getP256Dh().toByteArray()), target.getAuth().toByteArray());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("the endpoint is no address", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("p256dh is no key", e);
    }
  }

  /** Without its secrets: who knows the endpoint may send to it. */
  @Override
  public String toString() {
    return "Subscription[" + endpoint.getHost() + "]";
  }
}
