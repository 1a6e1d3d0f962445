/** The router: holds sessions, owns shards, and brings the two together. */
@org.jspecify.annotations.NullMarked
package dev.parley.router;
