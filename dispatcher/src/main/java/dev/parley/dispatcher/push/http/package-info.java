/** HTTP to push services: what is sent is small, what is read is bounded. */
@org.jspecify.annotations.NullMarked
package dev.parley.dispatcher.push.http;
