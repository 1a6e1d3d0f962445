/** A router's part in presence: what is so of its own clients, what they watch, and the link that carries both. */
@org.jspecify.annotations.NullMarked
package dev.parley.router.presence;
