package dev.parley.router.presence;

import dev.parley.chassis.server.LinkSecret;
import dev.parley.chassis.telemetry.GrpcMetrics;
import dev.parley.chassis.wire.GrpcWire;
import dev.parley.chassis.wire.Wire;
import dev.parley.chassis.wire.WireChannels;
import dev.parley.internal.v1.FromPresence;
import dev.parley.internal.v1.PresenceLinkServiceGrpc;
import dev.parley.internal.v1.ToPresence;
import io.netty.channel.EventLoopGroup;
import org.jspecify.annotations.Nullable;

/** Wires to presence over gRPC, on the event loops of the sessions. Thread-safe. */
public final class GrpcPresence implements PresenceDialer, AutoCloseable {
  private final LinkSecret secret;
  private final WireChannels channels;

  /** No wire yet. {@code secret}: what presence wants to be shown; null: nothing; {@code metrics}: counts calls. */
  public GrpcPresence(@Nullable String secret, EventLoopGroup loops, GrpcMetrics metrics) {
    this.secret = new LinkSecret(secret);
    this.channels = new WireChannels(loops, metrics);
  }

  @Override
  public Wire<ToPresence> dial(String address, Wire.Ear<FromPresence> ear) {
    GrpcWire<ToPresence, FromPresence> wire = new GrpcWire<>();
    wire.ear(ear);
    PresenceLinkServiceGrpc.newStub(channels.to(address)).withInterceptors(secret.shown()).connect(wire.opening());
    return wire;
  }

  /** Ends all wires. */
  @Override
  public void close() {
    channels.close();
  }
}
