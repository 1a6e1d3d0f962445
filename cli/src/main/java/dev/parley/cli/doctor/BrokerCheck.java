package dev.parley.cli.doctor;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What nats-server says of itself on its monitoring endpoint: whether it is well, and how safe an append is. */
final class BrokerCheck {
  private static final int TIMEOUT_MS = Probes.SECONDS * 1_000;
  private static final int MAX_ANSWER_BYTES = 1024 * 1024;

  private final String monitorUrl;

  /** Of the server with this monitoring endpoint, as {@code http://127.0.0.1:8222}. */
  BrokerCheck(String monitorUrl) {
    this.monitorUrl = monitorUrl;
  }

  Finding run() {
    try {
      Answer health = get("/healthz");
      if (health.status() != HttpURLConnection.HTTP_OK) {
        return unwell(String.valueOf(health.json().getOrDefault("error", "status " + health.status())));
      }
      Map<String, Object> config = JSONObjectUtils.getJSONObject(get("/jsz").json(), "config");
      boolean always = Boolean.TRUE.equals(config.get("sync_always"));
      String durability =
          always ? "every record is flushed to disk" : "flushed every " + seconds(config.get("sync_interval"));
      return Finding.good("jetstream", durability + ", stored in " + config.get("store_dir"));
    } catch (IOException | ParseException | RuntimeException e) {
      return Finding.bad("jetstream", monitorUrl + " does not answer: " + e.getMessage(), "read the log of nats-server");
    }
  }

  private static Finding unwell(String why) {
    return Finding.bad(
        "jetstream",
        "nats-server is not well: " + why,
        why.contains("no space left")
            ? "make room on its disk, then restart nats-server: it writes nothing to these streams until then"
            : "read the log of nats-server");
  }

  private static String seconds(@Nullable Object nanos) {
    return nanos instanceof Number n ? n.longValue() / 1_000_000_000 + " s" : "now and then";
  }

  private record Answer(int status, Map<String, Object> json) {}

  private Answer get(String path) throws IOException, ParseException {
    HttpURLConnection request = (HttpURLConnection) URI.create(monitorUrl + path).toURL().openConnection();
    request.setConnectTimeout(TIMEOUT_MS);
    request.setReadTimeout(TIMEOUT_MS);
    int status = request.getResponseCode();
    try (InputStream in = status < HttpURLConnection.HTTP_BAD_REQUEST ? request.getInputStream() : request.getErrorStream()) {
      byte[] body = in == null ? new byte[0] : in.readNBytes(MAX_ANSWER_BYTES);
      return new Answer(status, JSONObjectUtils.parse(new String(body, StandardCharsets.UTF_8)));
    }
  }
}
