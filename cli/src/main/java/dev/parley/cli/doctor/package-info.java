/** The checks of {@code parley doctor}. */
@org.jspecify.annotations.NullMarked
package dev.parley.cli.doctor;
