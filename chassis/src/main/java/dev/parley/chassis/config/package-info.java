/** Settings as documented records: read from arguments, environment and a file, and written down as reference. */
@org.jspecify.annotations.NullMarked
package dev.parley.chassis.config;
