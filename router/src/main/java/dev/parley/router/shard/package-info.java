/** A shard's owner: decides commands, appends to the log, feeds what is stored. One thread per shard. */
@org.jspecify.annotations.NullMarked
package dev.parley.router.shard;
