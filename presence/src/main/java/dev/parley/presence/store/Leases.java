package dev.parley.presence.store;

import java.util.List;

/**
 * The routers that are alive.
 *
 * @param epoch another one than before: the data before was lost
 * @param version greater than before: other generations are valid
 * @param terms all generations that are valid
 */
public record Leases(long epoch, long version, List<Term> terms) {}
