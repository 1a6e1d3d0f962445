/** What reaches those who are not connected: pushes and webhooks. */
@org.jspecify.annotations.NullMarked
package dev.parley.dispatcher;
