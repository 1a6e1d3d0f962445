/**
 * The Java client of Parley: {@link dev.parley.sdk.ParleyClient} for calls that come and go, {@link
 * dev.parley.sdk.ParleySession} for a device that stays connected. The protocol itself ({@code SessionProtocol} and what
 * it is made of) knows neither threads nor sockets nor clocks; {@code ParleySession} puts it onto gRPC.
 */
@org.jspecify.annotations.NullMarked
package dev.parley.sdk;
