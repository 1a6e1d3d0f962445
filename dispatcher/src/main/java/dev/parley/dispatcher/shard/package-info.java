/** What happens to each message of a shard until everybody who is not connected was told of it. */
@org.jspecify.annotations.NullMarked
package dev.parley.dispatcher.shard;
