/** The gRPC surface: adapts the contract to sessions and shards, and back. */
@org.jspecify.annotations.NullMarked
package dev.parley.router.api;
