/** How far a dispatcher is behind the log, by the broker's word and by the clock. */
@org.jspecify.annotations.NullMarked
package dev.parley.dispatcher.lag;
