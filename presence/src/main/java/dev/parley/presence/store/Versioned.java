package dev.parley.presence.store;

import dev.parley.internal.v1.NodeEntry;

/**
 * What a router has said of a subject.
 *
 * @param version greater for what was said later in the same generation
 * @param value the user's devices or the room there, without the subject and without what is to be remembered; with
 *     nothing set: nothing is so any more
 */
public record Versioned(long version, NodeEntry value) {
  /** Whether nothing is so any more. */
  public boolean gone() {
    return value.getValueCase() == NodeEntry.ValueCase.VALUE_NOT_SET;
  }
}
