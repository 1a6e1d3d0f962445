/** The broker on NATS JetStream. */
@org.jspecify.annotations.NullMarked
package dev.parley.conversation.jetstream;
