package dev.parley.presence.store;

import java.time.Duration;

/**
 * A generation that is valid: its words count.
 *
 * @param id whose, and which
 * @param incarnation which life of the router drew it
 * @param replayed whether the router has said everything under it
 * @param leaseLeft how long it stays valid if nobody renews it
 */
public record Term(TermId id, long incarnation, boolean replayed, Duration leaseLeft) {}
