package dev.parley.router.session;

import dev.parley.v1.ServerFrame;

/** The frames that go to a client, counted against what it acknowledges. Belongs to the session's thread. */
final class Outbound {
  private final SessionPort port;
  private final int maxUnacknowledged;
  private final SessionMetrics metrics;
  private long sent;
  private long acknowledged;

  Outbound(SessionPort port, int maxUnacknowledged, SessionMetrics metrics) {
    this.port = port;
    this.maxUnacknowledged = maxUnacknowledged;
    this.metrics = metrics;
  }

  /** The client takes events: the transport has room and enough was acknowledged. */
  boolean open() {
    return sent - acknowledged < maxUnacknowledged && port.ready();
  }

  /** Sends a frame. Only while {@link #open}. */
  void frame(EncodedFrame frame) {
    sent++;
    if (sent - acknowledged == maxUnacknowledged) {
      metrics.creditStalled();
    }
    port.write(frame);
  }

  /** Sends a frame that keeps the session in order or answers a frame of the client: few, so not held back. */
  void control(ServerFrame.Builder frame) {
    frame(EncodedFrame.of(frame));
  }

  /** The client has processed so many frames in all; false: more than were sent. */
  boolean acknowledged(long frames) {
    if (frames > sent) {
      return false;
    }
    acknowledged = Math.max(acknowledged, frames);
    return true;
  }
}
