/** A gRPC server on Netty, its health, its lifecycle and its log. */
@org.jspecify.annotations.NullMarked
package dev.parley.chassis.server;
