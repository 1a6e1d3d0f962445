package dev.parley.sdk;

import dev.parley.v1.ClientFrame;

/** What the protocol wants done outside: the shell does it, tests record it. Streams are numbered 1, 2, 3 ... */
interface Wire {
  /** Get a token and open a stream with it; answered by {@code opened} or {@code closed}. */
  void open(int stream);

  /** Send a frame on an open stream. */
  void send(int stream, ClientFrame frame);

  /** End a stream. Nothing of it is to be reported any more. */
  void close(int stream);

  /** Get a fresh token for an open stream; answered by {@code tokenFetched}. */
  void fetchToken(int stream);
}
