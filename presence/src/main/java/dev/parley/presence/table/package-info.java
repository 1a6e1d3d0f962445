/** What is so of everything watched here, computed from what routers say. No I/O, no threads, no clock. */
@org.jspecify.annotations.NullMarked
package dev.parley.presence.table;
