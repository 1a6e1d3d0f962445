package dev.parley.chassis.auth;

import dev.parley.chassis.config.Setting;
import org.jspecify.annotations.Nullable;

/** Who issues tokens. */
public record AuthSettings(
    @Setting(doc = "The issuer's public keys (JWKS): a file, or an http(s) URL that is read again every 5 minutes.")
    String jwks,
    @Setting(doc = "What the claim iss must be; unset: anything.")
    @Nullable String issuer,
    @Setting(doc = "What the claim aud must hold; unset: anything.")
    @Nullable String audience) {
  /** What a token must say. */
  public TokenRules rules() {
    return new TokenRules(issuer, audience);
  }
}
