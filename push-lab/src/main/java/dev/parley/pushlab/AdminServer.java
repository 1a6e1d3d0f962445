package dev.parley.pushlab;

import com.google.protobuf.util.JsonFormat;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.parley.pushlab.http.Fault;
import dev.parley.pushlab.phone.Feed;
import dev.parley.pushlab.phone.Kind;
import dev.parley.pushlab.phone.Phone;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The page of the lab and what scripts need, over HTTP on loopback:
 *
 * <pre>
 *   GET  /                     the page
 *   GET  /phones               what each phone shows; /phones?phone=PREFIX: those whose names begin so
 *   GET  /phones/{id}/pushes   the newest pushes that a phone has got
 *   GET  /events               each push from now on, as server-sent events; /events?phone=PREFIX likewise
 *   GET  /stats                how many pushes phones have got since the start: {"fcm": 3, "apns": 1, "web_push": 0}
 *   POST /phones               {"provider": "fcm", "name": "ann's phone"}: makes one; answers with its PushTarget
 *   POST /faults               {"provider": "fcm", "kind": "status", "status": 429, "retry_after_seconds": 5, "count": 3}
 *                              kinds: status, silence, slow (with delay_ms), flood, refuse, none; without count until told
 *                              otherwise. Or {"kind": "unregister", "phone": "00001"}
 * </pre>
 *
 * <p>A page of another site can use none of it: bodies must be JSON, and the host must be loopback.
 */
final class AdminServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AdminServer.class);
  private static final int MOST_BODY = 16 << 10;
  private static final long KEEP_ALIVE_MILLIS = 10_000;
  private static final String JSON = "application/json; charset=utf-8";
  private static final String PREFIX = "phone=";

  private final PushLabServer lab;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final byte[] page;

  /** A request that cannot be done. */
  private static final class BadRequestException extends Exception {
    private static final long serialVersionUID = 1L;

    private final int status;

    BadRequestException(int status, String message) {
      super(message, null, false, false);
      this.status = status;
    }
  }

  AdminServer(int port, PushLabServer lab) throws IOException {
    this.lab = lab;
    try (InputStream in = Objects.requireNonNull(AdminServer.class.getResourceAsStream("page.html"))) {
      this.page = in.readAllBytes();
    }
    try {
      this.server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    } catch (IOException e) {
      throw new IOException("127.0.0.1:" + port + " cannot be listened on: " + e.getMessage(), e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      try {
        checkOrigin(exchange);
        route(exchange);
      } catch (BadRequestException e) {
        send(exchange, e.status, JSON, json(Map.of("error", String.valueOf(e.getMessage()))));
      } catch (ParseException | IllegalArgumentException e) {
        send(exchange, 400, JSON, json(Map.of("error", String.valueOf(e.getMessage()))));
      }
    } catch (IOException e) {
      LOG.debug("a client of the page is gone: {}", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void checkOrigin(HttpExchange exchange) throws BadRequestException {
    String host = String.valueOf(exchange.getRequestHeaders().getFirst("Host")).replaceFirst(":\\d+$", "");
    if (!host.equals("127.0.0.1") && !host.equals("localhost")) {
      throw new BadRequestException(403, "only 127.0.0.1 and localhost are served");
    }
    String type = String.valueOf(exchange.getRequestHeaders().getFirst("Content-Type"));
    if (exchange.getRequestMethod().equals("POST") && !type.startsWith("application/json")) {
      throw new BadRequestException(415, "send application/json");
    }
  }

  private void route(HttpExchange exchange)
      throws IOException, ParseException, InterruptedException, BadRequestException {
    String path = exchange.getRequestURI().getPath();
    switch (exchange.getRequestMethod() + " " + path) {
      case "GET /" -> send(exchange, 200, "text/html; charset=utf-8", page);
      case "GET /phones" -> {
        List<Map<String, Object>> phones = lab.phones().named(prefix(exchange)).stream().map(Phone::json).toList();
        send(exchange, 200, JSON, json(Map.of("phones", phones)));
      }
      case "GET /events" -> events(exchange);
      case "GET /stats" -> send(exchange, 200, JSON, json(stats()));
      case "POST /phones" -> create(exchange, body(exchange));
      case "POST /faults" -> {
        fault(body(exchange));
        exchange.sendResponseHeaders(204, -1);
      }
      default -> pushes(exchange, path);
    }
  }

  /** With what the names of the phones begin that are asked for; empty: all are. */
  private static String prefix(HttpExchange exchange) throws BadRequestException {
    String query = exchange.getRequestURI().getQuery();
    if (query == null) {
      return "";
    }
    if (!query.startsWith(PREFIX)) {
      throw new BadRequestException(400, "there is only ?phone=PREFIX");
    }
    return query.substring(PREFIX.length());
  }

  private Map<String, Object> stats() {
    Map<String, Object> stats = new LinkedHashMap<>();
    for (Kind kind : Kind.values()) {
      stats.put(kind.provider(), lab.phones().received(kind));
    }
    return stats;
  }

  private void pushes(HttpExchange exchange, String path) throws IOException, BadRequestException {
    String[] parts = path.split("/", -1);
    boolean asked = parts.length == 4 && parts[1].equals("phones") && parts[3].equals("pushes");
    if (!asked || !exchange.getRequestMethod().equals("GET")) {
      throw new BadRequestException(404, "there is GET /, /phones, /phones/{id}/pushes, /events, /stats; POST /phones, /faults");
    }
    send(exchange, 200, JSON, json(Map.of("pushes", phone(parts[2]).receivedJson())));
  }

  private Phone phone(@Nullable String id) throws BadRequestException {
    Phone phone = id == null ? null : lab.phones().get(id);
    if (phone == null) {
      throw new BadRequestException(404, "there is no such phone; GET /phones lists them");
    }
    return phone;
  }

  private void create(HttpExchange exchange, Map<String, Object> body) throws IOException, ParseException {
    String name = JSONObjectUtils.getString(body, "name");
    Kind kind = Kind.of(String.valueOf(JSONObjectUtils.getString(body, "provider")));
    Phone phone = lab.phones().create(kind, name == null ? "" : name);
    exchange.getResponseHeaders().set("Location", "/phones/" + phone.id() + "/pushes");
    send(exchange, 201, JSON, JsonFormat.printer().print(phone.target()).getBytes(StandardCharsets.UTF_8));
  }

  private void fault(Map<String, Object> body) throws IOException, ParseException, BadRequestException {
    String kind = String.valueOf(JSONObjectUtils.getString(body, "kind"));
    if (kind.equals("unregister")) {
      lab.phones().unregister(phone(JSONObjectUtils.getString(body, "phone")));
      return;
    }
    Kind provider = Kind.of(String.valueOf(JSONObjectUtils.getString(body, "provider")));
    if (kind.equals("none")) {
      lab.fail(provider, null);
      return;
    }
    lab.fail(
        provider,
        new Fault(
            Fault.Kind.valueOf(kind.toUpperCase(Locale.ROOT)),
            number(body, "status"),
            JSONObjectUtils.getString(body, "reason"),
            number(body, "retry_after_seconds"),
            Duration.ofMillis(number(body, "delay_ms")),
            number(body, "count")));
  }

  private static int number(Map<String, Object> body, String name) throws ParseException {
    return body.containsKey(name) ? JSONObjectUtils.getInt(body, name) : 0;
  }

  /** Until the client goes, or takes less than comes. */
  private void events(HttpExchange exchange) throws IOException, InterruptedException, BadRequestException {
    String prefix = prefix(exchange);
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    try (Feed.Listener listener = lab.phones().feed().listen(prefix)) {
      exchange.sendResponseHeaders(200, 0);
      OutputStream out = exchange.getResponseBody();
      write(out, ": from now on\n\n");
      while (!listener.isSlow() && !threads.isShutdown()) {
        String push = listener.next(KEEP_ALIVE_MILLIS);
        write(out, push == null ? ": still here\n\n" : "data: " + push + "\n\n");
      }
    }
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  private static Map<String, Object> body(HttpExchange exchange)
      throws IOException, ParseException, BadRequestException {
    byte[] bytes = exchange.getRequestBody().readNBytes(MOST_BODY + 1);
    if (bytes.length > MOST_BODY) {
      throw new BadRequestException(413, "at most " + MOST_BODY + " bytes");
    }
    return JSONObjectUtils.parse(new String(bytes, StandardCharsets.UTF_8));
  }

  private static byte[] json(Map<String, ?> json) {
    return JSONObjectUtils.toJSONString(json).getBytes(StandardCharsets.UTF_8);
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  @Override
  public void close() {
    threads.shutdownNow();
    server.stop(0);
  }
}
