package dev.parley.chassis.admin;

import org.jspecify.annotations.Nullable;

/** Looks whether something is as it should be. Thread-safe; may take about a second. */
@FunctionalInterface
public interface Probe {
  /** Null: all is well; else one line that says what is not. */
  @Nullable String trouble();
}
