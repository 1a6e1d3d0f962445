/** Builds the container images: a trimmed JDK, the C library, the jars of one process, and lists of what is in them. */
@org.jspecify.annotations.NullMarked
package dev.parley.images;
