/** Which tokens of users were ended before their time. */
@org.jspecify.annotations.NullMarked
package dev.parley.conversation.tokens;
