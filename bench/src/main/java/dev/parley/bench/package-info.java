/**
 * Load with an open loop, measured from the scheduled time, and checked: no run counts in which a message was lost,
 * doubled or out of order.
 */
@org.jspecify.annotations.NullMarked
package dev.parley.bench;
