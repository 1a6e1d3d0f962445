/** Reading a conversation from a shard's log: by exact positions, never by key except for its newest record. */
@org.jspecify.annotations.NullMarked
package dev.parley.conversation.history;
