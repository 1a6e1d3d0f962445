package dev.parley.chassis.auth;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Who a valid token says the caller is.
 *
 * @param userId the token's subject: 1 to 128 bytes of UTF-8 without control characters
 * @param name the claim {@code name}, cut to 128 characters; null: the token has none that can be shown
 * @param picture the claim {@code picture}; null: none, or longer than 1,024 characters
 * @param operator whether the claim {@code scope} holds {@code parley.operator}
 * @param issued the claim {@code iat}, in whole seconds; {@link Instant#EPOCH}: the token has none
 * @param expires when the token ends, and with it all that rests on it
 */
public record Identity(
    String userId,
    @Nullable String name,
    @Nullable String picture,
    boolean operator,
    Instant issued,
    Instant expires) {}
