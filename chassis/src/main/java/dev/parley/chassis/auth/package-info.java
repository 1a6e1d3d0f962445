/** Who is calling: tokens, keys, and the rule on every method. */
@org.jspecify.annotations.NullMarked
package dev.parley.chassis.auth;
