/** The port to what presence is kept in, and its adapters: Redis and the memory of this process. */
@org.jspecify.annotations.NullMarked
package dev.parley.presence.store;
