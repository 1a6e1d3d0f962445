package dev.parley.chassis.wire;

/**
 * One stream to another service, as a link uses it. Frames arrive in order or not at all, and then the wire is closed.
 *
 * @param <F> what is sent
 */
public interface Wire<F> {
  /** A frame would leave without being queued. */
  boolean ready();

  /** Sends a frame. Called by one thread at a time. */
  void send(F frame);

  /** Ends the stream at once; {@link Ear#closed} follows. */
  void close();

  /**
   * Who hears what comes over a wire. Called by one thread at a time.
   *
   * @param <F> what comes
   */
  interface Ear<F> {
    /** A frame has come. */
    void frame(F frame);

    /** The wire is {@link Wire#ready} again. */
    void ready();

    /** Nothing more will come. */
    void closed();
  }
}
