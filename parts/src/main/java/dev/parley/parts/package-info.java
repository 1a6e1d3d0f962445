/** The programs that run beside our own: provided by {@code fetch.py}, started, watched and stopped by the classes here. */
@org.jspecify.annotations.NullMarked
package dev.parley.parts;
