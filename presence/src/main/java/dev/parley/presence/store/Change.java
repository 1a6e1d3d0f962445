package dev.parley.presence.store;

import dev.parley.internal.v1.LastKnown;
import org.jspecify.annotations.Nullable;

/**
 * Something new that a router says of a subject.
 *
 * @param subject of what
 * @param said what is so there now
 * @param lastKnown what is to be remembered of the user; null: nothing new
 */
public record Change(SubjectKey subject, Versioned said, @Nullable LastKnown lastKnown) {}
