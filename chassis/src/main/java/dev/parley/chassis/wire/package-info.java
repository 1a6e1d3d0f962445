/** Streams of frames between the services of one deployment. */
@org.jspecify.annotations.NullMarked
package dev.parley.chassis.wire;
