package dev.parley.conversation.jetstream;

import dev.parley.v1.Durability;
import io.nats.client.support.JsonParseException;
import io.nats.client.support.JsonParser;
import io.nats.client.support.JsonValue;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the broker's monitoring endpoint how safe an acknowledged append is. Blocks for a second at most. */
final class DurabilityProbe {
  private static final Logger LOG = LoggerFactory.getLogger(DurabilityProbe.class);
  private static final int TIMEOUT_MS = 500;
  private static final int MAX_ANSWER_BYTES = 1024 * 1024;

  private final @Nullable URI monitorUrl;
  private final Durability otherwise;

  /**
   * A probe.
   *
   * @param monitorUrl null: it is not asked
   * @param otherwise what is said when nobody tells
   */
  DurabilityProbe(@Nullable URI monitorUrl, Durability otherwise) {
    this.monitorUrl = monitorUrl;
    this.otherwise = otherwise;
  }

  /** What an append to streams with this many replicas is, now. */
  Durability ask(int replicas) {
    if (monitorUrl == null) {
      return otherwise;
    }
    try {
      boolean synced = syncsEachMessage(fetch(monitorUrl.resolve("/jsz?config=true")));
      return synced
          ? Durability.DURABILITY_SYNCED
          : replicas >= 3 ? Durability.DURABILITY_REPLICATED : Durability.DURABILITY_WRITTEN;
    } catch (IOException e) {
      LOG.warn("cannot ask {} how safe an append is, so it is called {}: {}", monitorUrl, otherwise, e.toString());
      return otherwise;
    }
  }

  private static byte[] fetch(URI url) throws IOException {
    HttpURLConnection request = (HttpURLConnection) url.toURL().openConnection();
    request.setConnectTimeout(TIMEOUT_MS);
    request.setReadTimeout(TIMEOUT_MS);
    try (var body = request.getInputStream()) {
      return body.readNBytes(MAX_ANSWER_BYTES);
    }
  }

  /** Reads the answer of {@code /jsz?config=true}. */
  static boolean syncsEachMessage(byte[] answer) throws JsonParseException {
    JsonValue config = JsonParser.parse(answer).map.get("config");
    JsonValue always = config == null || config.map == null ? null : config.map.get("sync_always");
    return always != null && Boolean.TRUE.equals(always.bool);
  }
}
