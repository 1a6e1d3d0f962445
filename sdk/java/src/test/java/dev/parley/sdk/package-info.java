/** Tests of the protocol with a clock of their own, and of the client over a real connection. */
@org.jspecify.annotations.NullMarked
package dev.parley.sdk;
