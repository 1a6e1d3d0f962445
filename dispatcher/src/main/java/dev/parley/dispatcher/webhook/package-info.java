/**
 * Events for partners' servers: each endpoint reads the log with cursors of its own, and is posted what it has not got yet.
 */
@org.jspecify.annotations.NullMarked
package dev.parley.dispatcher.webhook;
