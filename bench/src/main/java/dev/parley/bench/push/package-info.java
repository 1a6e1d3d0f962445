/** Pushes: how many a dispatcher gets to phones, how late, and at what cost. */
@org.jspecify.annotations.NullMarked
package dev.parley.bench.push;
