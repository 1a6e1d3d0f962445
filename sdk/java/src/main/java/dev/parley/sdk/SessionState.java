package dev.parley.sdk;

/**
 * How a session stands.
 *
 * <pre>
 * CONNECTING -> CONNECTED -> LIVE
 *      ^            |          |
 *      +---- DISCONNECTED <----+        any -> CLOSED
 * </pre>
 */
public enum SessionState {
  /** A stream is being opened. */
  CONNECTING,
  /** The server has welcomed the session and sends what was missed. */
  CONNECTED,
  /** Everything that was missed has come: events arrive as they happen. */
  LIVE,
  /** The stream was lost; the next one opens after a wait. */
  DISCONNECTED,
  /** Over, by {@link ParleySession#close} or because the server does not want this session back. */
  CLOSED
}
