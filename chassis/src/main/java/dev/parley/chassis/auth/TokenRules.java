package dev.parley.chassis.auth;

import org.jspecify.annotations.Nullable;

/**
 * What a token must say beyond being signed and in time.
 *
 * @param issuer the claim {@code iss}; null: any
 * @param audience a value that the claim {@code aud} must hold; null: any
 */
public record TokenRules(@Nullable String issuer, @Nullable String audience) {}
