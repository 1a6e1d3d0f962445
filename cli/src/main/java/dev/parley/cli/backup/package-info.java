/** Copies of a deployment's data, and the way back. */
@org.jspecify.annotations.NullMarked
package dev.parley.cli.backup;
