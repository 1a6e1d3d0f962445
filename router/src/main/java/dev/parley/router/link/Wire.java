package dev.parley.router.link;

import dev.parley.internal.v1.LinkFrame;

/** One stream to another router, as a link uses it. Frames arrive in order or not at all, and then the wire is closed. */
public interface Wire {
  /** A frame would leave without being queued. */
  boolean ready();

  /** Sends a frame. Called by one thread at a time. */
  void send(LinkFrame frame);

  /** Ends the stream at once; {@link Ear#closed} follows. */
  void close();

  /** Who hears what comes over a wire. Called by one thread at a time. */
  interface Ear {
    /** A frame has come. */
    void frame(LinkFrame frame);

    /** The wire is {@link Wire#ready} again. */
    void ready();

    /** Nothing more will come. */
    void closed();
  }
}
