/** The numbers that a program tells of itself. */
@org.jspecify.annotations.NullMarked
package dev.parley.chassis.telemetry;
