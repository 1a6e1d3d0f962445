package dev.parley.gateway;

import dev.parley.chassis.admin.AdminSettings;
import dev.parley.chassis.config.Setting;
import dev.parley.chassis.config.SettingsPrefix;
import dev.parley.chassis.telemetry.SpanSettings;
import dev.parley.chassis.telemetry.TelemetrySettings;
import java.time.Duration;
import java.util.List;

/** All settings of a gateway. */
@SettingsPrefix("parley.gateway")
public record GatewaySettings(
    @Setting(value = "gateway-1", doc = "The name of this gateway, as in logs.")
    String name,
    @Setting(
        value = "127.0.0.1:8740",
        doc = "Address and port for the edge, plaintext; port 0: a free one. Nobody else should reach it: the edge ends TLS.")
    String listen,
    @Setting(value = "2", doc = "Event loops. All work of a socket stays on its loop.")
    int loops,
    @Setting(value = "127.0.0.1:8700", doc = "Routers, as host:port, separated by commas.")
    List<String> routers,
    @Setting(
        value = "",
        doc = "Dispatchers, which take the calls of PushService and WebhookService, as host:port; none: such calls are"
            + " answered OVERLOADED.")
    List<String> dispatchers,
    @Setting(value = "2", doc = "HTTP/2 connections to each router and dispatcher; all sockets share them.")
    int connections,
    @Setting(
        value = "",
        doc = "Origins whose pages may use sockets and calls, as https://chat.example.org; none: those of any origin.")
    List<String> allowedOrigins,
    @Setting(
        value = "32MiB",
        doc = "Messages and bodies that have not come whole, of all sockets and connections together, in bytes: half of the"
            + " direct memory of a JVM with 64 MiB. Whoever would need more is told OVERLOADED, and closed.")
    int halfSentBytes,
    @Setting(doc = "What clients may do over HTTP.")
    HttpLimits http,
    @Setting(doc = "What one socket may do.")
    SocketLimits socket,
    @Setting(doc = "How the gateway leaves.")
    Drain drain,
    @Setting(doc = "Where the gateway can be asked how it is.")
    AdminSettings admin,
    @Setting(doc = "Where metrics go.")
    TelemetrySettings metrics,
    @Setting(doc = "Where traces go.")
    SpanSettings trace) {
  private static final int MAX_LOOPS = 64;

  /** Checks what would break quietly. */
  public GatewaySettings {
    if (loops < 1 || loops > MAX_LOOPS) {
      throw new IllegalArgumentException("loops must be 1 to " + MAX_LOOPS + ", not " + loops);
    }
    if (connections < 1) {
      throw new IllegalArgumentException("connections must be 1 or more");
    }
    if (routers.isEmpty()) {
      throw new IllegalArgumentException("routers must name at least one router");
    }
    routers.forEach(GatewaySettings::requireAddress);
    dispatchers.forEach(GatewaySettings::requireAddress);
  }

  private static void requireAddress(String address) {
    if (!address.matches("\\S+:\\d{1,5}")) {
      throw new IllegalArgumentException("addresses must be host:port, separated by commas, not " + address);
    }
  }

  /** What clients may do over HTTP. */
  public record HttpLimits(
      @Setting(value = "5000", doc = "Open connections, sockets among them. One more is closed at once.")
      int maxConnections,
      @Setting(value = "24KiB", doc = "The largest headers of a request, in bytes: a token of 8 KiB, with room.")
      int headerBytes,
      @Setting(value = "256KiB", doc = "The largest body of a call, in bytes.")
      int bodyBytes,
      @Setting(value = "4MiB", doc = "The largest answer to a call, in bytes of Protobuf.")
      int answerBytes,
      @Setting(
          value = "16MiB",
          doc = "What calls under way and answers that are not written hold together, in bytes: a quarter of a heap of"
              + " 64 MiB. Above it calls are refused with OVERLOADED.")
      int heldBytes,
      @Setting(value = "256", doc = "Calls whose answer is not written; one more is refused with OVERLOADED.")
      int concurrentCalls,
      @Setting(value = "15s", doc = "The longest that a call may take; Connect-Timeout-Ms may ask for less.")
      Duration callTimeout,
      @Setting(value = "10s", doc = "A request that has begun must be complete within this.")
      Duration requestTimeout,
      @Setting(value = "10s", doc = "A connection that has taken nothing of an answer for so long is closed.")
      Duration stall,
      @Setting(
          value = "60s",
          doc = "A connection that has not taken an answer whole within this is closed, so that nobody keeps one by reading a"
              + " byte now and then.")
      Duration answerTimeout,
      @Setting(value = "120s", doc = "A connection on which nothing is asked for so long is closed.")
      Duration idleTimeout) {}

  /** What one socket may do. */
  public record SocketLimits(
      @Setting(value = "2000", doc = "Open sockets; one more is refused with OVERLOADED.")
      int max,
      @Setting(value = "5s", doc = "A socket on which no token came within this is closed.")
      Duration tokenTimeout,
      @Setting(value = "256KiB", doc = "The largest message of a client, in bytes, however many fragments it comes in.")
      int messageBytes,
      @Setting(
          value = "500",
          doc = "Messages of a client a second, pings among them, on average; twice as many may come at once. Above it the"
              + " socket is closed.")
      int messagesPerSecond,
      @Setting(value = "16", doc = "Frames of the router that are taken ahead of what the socket has written.")
      int framesAhead,
      @Setting(value = "64KiB", doc = "Bytes written to a socket that it has not taken, above which no frame is taken ahead.")
      int bytesAhead,
      @Setting(value = "30s", doc = "A socket that has taken nothing for so long, while something waits for it, is closed.")
      Duration stall,
      @Setting(value = "20s", doc = "A socket that is silent for so long gets a ping; after two without an answer it is closed.")
      Duration ping) {
    /** Checks what would let nothing through. */
    public SocketLimits {
      if (messagesPerSecond < 1 || framesAhead < 1 || bytesAhead < 1 || messageBytes < 1) {
        throw new IllegalArgumentException("messages-per-second, frames-ahead, bytes-ahead and message-bytes must be 1 or more");
      }
    }
  }

  /** How the gateway leaves. */
  public record Drain(
      @Setting(value = "2s", doc = "How long the edge gets to see that this gateway is not ready any more.")
      Duration notice,
      @Setting(value = "3s", doc = "Over how long sockets are closed, so that clients do not come back as one crowd.")
      Duration spread,
      @Setting(value = "2s", doc = "How long clients get to answer the close before they are cut off.")
      Duration patience) {
    /** All of it together. */
    Duration total() {
      return notice.plus(spread).plus(patience);
    }
  }
}
