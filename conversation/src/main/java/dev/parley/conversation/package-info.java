/** What a conversation is and who may do what in it: pure state, commands and events. */
@org.jspecify.annotations.NullMarked
package dev.parley.conversation;
