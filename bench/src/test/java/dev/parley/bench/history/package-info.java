/** Tests of the history checker with planted defects. */
@org.jspecify.annotations.NullMarked
package dev.parley.bench.history;
