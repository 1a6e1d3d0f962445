/** The processes of {@code parley up}: started in order, watched, stopped in order, and found again by later commands. */
@org.jspecify.annotations.NullMarked
package dev.parley.cli.stack;
