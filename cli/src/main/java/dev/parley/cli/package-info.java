/** The command line {@code parley}: one class a command, registered in {@link dev.parley.cli.Main}. */
@org.jspecify.annotations.NullMarked
package dev.parley.cli;
