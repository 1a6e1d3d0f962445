/** What is known of users: their devices, what they want to be told of, whom they have blocked, how they are called. */
@org.jspecify.annotations.NullMarked
package dev.parley.dispatcher.user;
