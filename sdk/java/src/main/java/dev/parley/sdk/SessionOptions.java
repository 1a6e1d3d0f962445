package dev.parley.sdk;

import java.time.Duration;

/**
 * How one session behaves. {@link #forDevice} gives the defaults; the {@code with} methods change one thing each.
 *
 * @param deviceId the device: chosen once and kept, 1 to 64 bytes. A second session of the same user and device
 *     displaces the first
 * @param client name and version of the program, for the operator's eyes
 * @param cursors where cursors are kept between sessions
 * @param sendTimeout how long a command is tried; 30 s, so that it outlives a restart of its router
 * @param connectTimeout how long opening a stream may take until the Welcome; 10 s
 * @param backoffBase the first wait before connecting again is at most this long; 200 ms
 * @param backoffMax the longest wait; 5 s
 * @param outboxCommands commands that may wait or be under way; 1,000. More are refused with LIMIT_EXCEEDED
 * @param commandsInFlight commands of one conversation that may be under way at once; 1. With more, a command that is
 *     refused for a while can be overtaken by those sent right behind it
 */
public record SessionOptions(
    String deviceId,
    String client,
    CursorStore cursors,
    Duration sendTimeout,
    Duration connectTimeout,
    Duration backoffBase,
    Duration backoffMax,
    int outboxCommands,
    int commandsInFlight) {

  /** Checks the limits. */
  public SessionOptions {
    if (deviceId.isEmpty()) {
      throw new IllegalArgumentException("A session needs a device id: choose one and keep it");
    }
    if (outboxCommands < 1 || commandsInFlight < 1) {
      throw new IllegalArgumentException("outboxCommands and commandsInFlight must be at least 1");
    }
  }

  /** The defaults, with cursors in memory. */
  public static SessionOptions forDevice(String deviceId) {
    return new SessionOptions(
        deviceId,
        "parley-java",
        new MemoryCursorStore(),
        Duration.ofSeconds(30),
        Duration.ofSeconds(10),
        Duration.ofMillis(200),
        Duration.ofSeconds(5),
        1_000,
        1);
  }

  /** With another program name. */
  public SessionOptions withClient(String name) {
    return new SessionOptions(deviceId, name, cursors, sendTimeout, connectTimeout, backoffBase, backoffMax,
        outboxCommands, commandsInFlight);
  }

  /** With another place for cursors. */
  public SessionOptions withCursors(CursorStore store) {
    return new SessionOptions(deviceId, client, store, sendTimeout, connectTimeout, backoffBase, backoffMax,
        outboxCommands, commandsInFlight);
  }

  /** With another time for a command. */
  public SessionOptions withSendTimeout(Duration timeout) {
    return new SessionOptions(deviceId, client, cursors, timeout, connectTimeout, backoffBase, backoffMax,
        outboxCommands, commandsInFlight);
  }

  /** With other waits between connects. */
  public SessionOptions withBackoff(Duration base, Duration max) {
    return new SessionOptions(deviceId, client, cursors, sendTimeout, connectTimeout, base, max, outboxCommands,
        commandsInFlight);
  }

  /** With other limits for commands. */
  public SessionOptions withCommands(int outbox, int inFlightPerConversation) {
    return new SessionOptions(deviceId, client, cursors, sendTimeout, connectTimeout, backoffBase, backoffMax, outbox,
        inFlightPerConversation);
  }
}
