package dev.parley.chassis.admin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.parley.chassis.telemetry.Scrape;
import dev.parley.chassis.telemetry.Telemetry;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers {@code /livez}, {@code /readyz}, {@code /metrics}, {@code /config} and {@code /loglevel} over plain HTTP.
 *
 * <p>It listens before the program has started: until {@link #started} it says that it lives and is not ready. It shares
 * no thread with the program. Connections, headers and the time of a request are bounded, so whoever asks slowly keeps
 * a few kilobytes and one of a few connections for some seconds. Thread-safe.
 */
public final class AdminServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AdminServer.class);
  private static final int CONNECTIONS = 32;
  private static final int BACKLOG = 32;
  private static final int MAX_QUERY = 500;
  private static final String TEXT = "text/plain; charset=utf-8";

  static {
    // The JDK's server knows its bounds by these names alone, for all servers of a process.
    bound("jdk.httpserver.maxConnections", CONNECTIONS);
    bound("sun.net.httpserver.maxReqHeaderSize", 16 << 10);
    bound("sun.net.httpserver.maxReqTime", 5);
    bound("sun.net.httpserver.maxRspTime", 15);
    bound("sun.net.httpserver.idleInterval", 30);
  }

  private final HttpServer server;
  private final ExecutorService threads;
  private final Telemetry telemetry;
  private final String config;
  private final LogLevels levels = new LogLevels();
  private volatile Probe live = () -> null;
  private volatile Probe ready = () -> "starting";

  private static void bound(String property, int value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, Integer.toString(value));
    }
  }

  private AdminServer(HttpServer server, Telemetry telemetry, String config) {
    this.server = server;
    this.telemetry = telemetry;
    this.config = config;
    this.threads = Executors.newVirtualThreadPerTaskExecutor();
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  /**
   * Starts it.
   *
   * @param config what {@code /config} shows: without secrets
   * @return null: the settings want none
   * @throws IOException with one line that names the address, if it cannot be listened on
   */
  public static @Nullable AdminServer start(AdminSettings settings, Telemetry telemetry, String config)
      throws IOException {
    String listen = settings.listen();
    if (listen == null) {
      return null;
    }
    int colon = listen.lastIndexOf(':');
    try {
      InetSocketAddress address =
          new InetSocketAddress(listen.substring(0, colon), Integer.parseInt(listen.substring(colon + 1)));
      AdminServer admin = new AdminServer(HttpServer.create(address, BACKLOG), telemetry, config);
      LOG.info("probes and metrics on {}", admin.server.getAddress());
      return admin;
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException("admin: " + listen + " cannot be listened on: " + e.getMessage(), e);
    }
  }

  /** The program has started: these say how it is from now on. */
  public void started(Probe alive, Probe takesWork) {
    live = alive;
    ready = takesWork;
  }

  /** The port that is listened on. */
  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  // ------------------------------------------------------------------ answers

  private record Answer(int status, String type, byte[] body) {
    static Answer text(int status, String line) {
      return new Answer(status, TEXT, (line.endsWith("\n") ? line : line + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      Answer answer;
      try {
        answer = answerTo(exchange);
      } catch (RuntimeException e) {
        LOG.error("{} could not be answered", exchange.getRequestURI().getPath(), e);
        answer = Answer.text(500, "this could not be answered; the log says why");
      }
      exchange.getResponseHeaders().set("Content-Type", answer.type());
      exchange.getResponseHeaders().set("Cache-Control", "no-store");
      boolean head = exchange.getRequestMethod().equals("HEAD");
      exchange.sendResponseHeaders(answer.status(), head ? -1 : answer.body().length);
      if (!head) {
        try (OutputStream out = exchange.getResponseBody()) {
          out.write(answer.body());
        }
      }
    }
  }

  private Answer answerTo(HttpExchange exchange) {
    String path = exchange.getRequestURI().getPath();
    String method = exchange.getRequestMethod();
    if (path.equals("/loglevel") && method.equals("PUT")) {
      return setLevel(exchange.getRequestURI().getRawQuery());
    }
    if (!method.equals("GET") && !method.equals("HEAD")) {
      return Answer.text(405, "only GET is answered here, and PUT for /loglevel");
    }
    return switch (path) {
      case "/livez" -> told(live);
      case "/readyz" -> told(ready);
      case "/metrics" -> metrics(exchange.getRequestHeaders().getFirst("Accept"));
      case "/config" -> Answer.text(200, config);
      case "/loglevel" -> Answer.text(200, levels.told());
      default -> Answer.text(404, "there are /livez, /readyz, /metrics, /config and /loglevel");
    };
  }

  private static Answer told(Probe probe) {
    String trouble = probe.trouble();
    return trouble == null ? Answer.text(200, "ok") : Answer.text(503, trouble);
  }

  private Answer metrics(@Nullable String accept) {
    Scrape scrape = telemetry.scrape();
    if (scrape == null) {
      return Answer.text(404, "nothing is counted here: metrics.scrape is off");
    }
    try {
      Scrape.Page page = scrape.page(accept);
      return new Answer(200, page.contentType(), page.body());
    } catch (IOException e) {
      throw new UncheckedIOException("an array takes what is written to it", e);
    }
  }

  private Answer setLevel(@Nullable String query) {
    if (query == null || query.length() > MAX_QUERY) {
      return Answer.text(400, "write /loglevel?logger=dev.parley.router&level=DEBUG");
    }
    try {
      Map<String, String> parameters = parameters(query);
      String logger = parameters.getOrDefault("logger", "");
      String level = parameters.getOrDefault("level", "");
      levels.set(logger, level);
      LOG.info("the log level of {} is {} now", logger, level);
      return Answer.text(200, levels.told());
    } catch (IllegalArgumentException e) {
      return Answer.text(400, String.valueOf(e.getMessage()));
    }
  }

  private static Map<String, String> parameters(String query) {
    Map<String, String> parameters = new HashMap<>();
    for (String each : query.split("&", -1)) {
      int equals = each.indexOf('=');
      if (equals > 0) {
        parameters.put(each.substring(0, equals), URLDecoder.decode(each.substring(equals + 1), StandardCharsets.UTF_8));
      }
    }
    return parameters;
  }
}
