/** Stands in for the push services of Apple, Google and browsers, and for the phones behind them. */
@org.jspecify.annotations.NullMarked
package dev.parley.pushlab;
