/** The port to the broker in domain words, and its adapter in memory; the JetStream adapter lies beside. */
@org.jspecify.annotations.NullMarked
package dev.parley.conversation.log;
