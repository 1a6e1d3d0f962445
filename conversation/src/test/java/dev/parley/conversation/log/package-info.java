@org.jspecify.annotations.NullMarked
package dev.parley.conversation.log;
