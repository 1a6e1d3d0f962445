/** The broker in this JVM's memory: for {@code parley up --memory}, for tests and for the simulation. */
@org.jspecify.annotations.NullMarked
package dev.parley.conversation.log.memory;
