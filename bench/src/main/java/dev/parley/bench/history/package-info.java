/**
 * The history checker: each client logs what it sent, was told and received; the checker proves the promises about order
 * and durability on the joined history and the final log.
 */
@org.jspecify.annotations.NullMarked
package dev.parley.bench.history;
