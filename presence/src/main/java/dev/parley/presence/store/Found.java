package dev.parley.presence.store;

import dev.parley.internal.v1.LastKnown;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of one subject.
 *
 * @param said by each generation that has said something
 * @param lastKnown what is remembered; null: nothing
 */
public record Found(Map<TermId, Versioned> said, @Nullable LastKnown lastKnown) {}
