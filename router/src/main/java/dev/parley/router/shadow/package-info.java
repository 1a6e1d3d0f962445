/** Compares what sampled clients were sent with the log. */
@org.jspecify.annotations.NullMarked
package dev.parley.router.shadow;
