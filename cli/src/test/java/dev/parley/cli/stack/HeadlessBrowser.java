package dev.parley.cli.stack;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.parts.PartProcess;
import dev.parley.parts.Parts;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A headless Chromium with one page, driven by the DevTools protocol. */
final class HeadlessBrowser implements WebSocket.Listener, AutoCloseable {
  private static final Duration START = Duration.ofSeconds(30);
  private static final int SECONDS = 30;

  /** What the page threw, or complained of. */
  final List<String> complaints = new CopyOnWriteArrayList<>();
  private final HttpClient http = HttpClient.newHttpClient();
  private final PartProcess process;
  private final WebSocket tools;
  private final AtomicInteger ids = new AtomicInteger();
  private final Map<Integer, CompletableFuture<Map<String, Object>>> open = new ConcurrentHashMap<>();
  private final StringBuilder text = new StringBuilder();

  /** Starts it; all that it writes lies in the directory. */
  HeadlessBrowser(Path directory) throws Exception {
    Path home = Files.createDirectories(directory);
    this.process =
        PartProcess.start(
            new PartProcess.Launch(
                "chromium",
                List.of(
                    Parts.atHome(System.err::println).chromium().toString(),
                    "--headless",
                    // It visits our own page alone, and containers do not let it make a sandbox.
                    "--no-sandbox",
                    "--no-zygote",
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--hide-scrollbars",
                    // The edge's certificate is signed by an authority that only clients of ours trust.
                    "--ignore-certificate-errors",
                    "--remote-debugging-port=0",
                    "--user-data-dir=" + home.resolve("profile"),
                    "about:blank"),
                home,
                home.resolve("chromium.log"),
                Map.of("HOME", home.toString()),
                false));
    Path port = home.resolve("profile/DevToolsActivePort");
    process.awaitReady(() -> Files.exists(port), START);
    this.tools = http.newWebSocketBuilder().buildAsync(URI.create(page(port)), this).join();
    command("Page.enable", Map.of());
    command("Runtime.enable", Map.of());
    command("Log.enable", Map.of());
    command("Emulation.setFocusEmulationEnabled", Map.of("enabled", true));
  }

  private String page(Path portFile) throws Exception {
    String port = Files.readAllLines(portFile).getFirst();
    HttpResponse<String> pages =
        http.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/json")).build(),
            HttpResponse.BodyHandlers.ofString());
    for (Map<String, Object> each :
        JSONObjectUtils.getJSONObjectArray(JSONObjectUtils.parse("{\"pages\":" + pages.body() + "}"), "pages")) {
      if ("page".equals(each.get("type"))) {
        return String.valueOf(each.get("webSocketDebuggerUrl"));
      }
    }
    throw new IOException("the browser has no page");
  }

  @Override
  public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
    text.append(data);
    if (last) {
      String said = text.toString();
      text.setLength(0);
      try {
        received(JSONObjectUtils.parse(said, said.length()));
      } catch (ParseException e) {
        throw new AssertionError(e);
      }
    }
    from.request(1);
    return null;
  }

  private void received(Map<String, Object> message) {
    if (message.get("id") instanceof Number id) {
      CompletableFuture<Map<String, Object>> answer = open.remove(id.intValue());
      if (answer != null) {
        answer.complete(message);
      }
    } else if ("Runtime.exceptionThrown".equals(message.get("method"))
        || ("Log.entryAdded".equals(message.get("method")) && String.valueOf(message).contains("security"))) {
      complaints.add(String.valueOf(message.get("params")));
    }
  }

  /** A command of the protocol, and its result. */
  Map<String, Object> command(String method, Map<String, Object> parameters) throws Exception {
    int id = ids.incrementAndGet();
    CompletableFuture<Map<String, Object>> answer = new CompletableFuture<>();
    open.put(id, answer);
    tools.sendText(
            JSONObjectUtils.toJSONString(Map.of("id", id, "method", method, "params", parameters)), true)
        .join();
    Map<String, Object> message = answer.get(SECONDS, TimeUnit.SECONDS);
    Map<String, Object> result = JSONObjectUtils.getJSONObject(message, "result");
    if (result == null) {
      throw new AssertionError(method + ": " + message);
    }
    return result;
  }

  void visit(String url) throws Exception {
    // Also when only what stands behind the # is another.
    command("Page.navigate", Map.of("url", "about:blank"));
    command("Page.navigate", Map.of("url", url));
  }

  /** What an expression of JavaScript gives; null too. */
  @Nullable Object evaluate(String expression) throws Exception {
    Map<String, Object> result =
        command("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true, "awaitPromise", true));
    if (result.containsKey("exceptionDetails")) {
      return null;
    }
    return JSONObjectUtils.getJSONObject(result, "result").get("value");
  }

  /** Types into what has the focus. */
  void type(String typed) throws Exception {
    command("Input.insertText", Map.of("text", typed));
  }

  /** Presses a key, as {@code Tab} or {@code Enter}. */
  void press(String key, int code) throws Exception {
    Map<String, Object> down =
        key.equals("Enter")
            ? Map.of("type", "keyDown", "key", key, "windowsVirtualKeyCode", code, "text", "\r")
            : Map.of("type", "rawKeyDown", "key", key, "windowsVirtualKeyCode", code);
    command("Input.dispatchKeyEvent", down);
    command("Input.dispatchKeyEvent", Map.of("type", "keyUp", "key", key, "windowsVirtualKeyCode", code));
  }

  void resize(int width, int height, boolean dark) throws Exception {
    command(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
    command(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
  }

  void screenshot(Path file) throws Exception {
    Map<String, Object> result = command("Page.captureScreenshot", Map.of("format", "png"));
    Files.createDirectories(Objects.requireNonNull(file.getParent()));
    Files.write(file, Base64.getDecoder().decode(String.valueOf(result.get("data"))));
  }

  @Override
  public void close() {
    tools.abort();
    process.kill();
    http.shutdownNow();
  }
}
