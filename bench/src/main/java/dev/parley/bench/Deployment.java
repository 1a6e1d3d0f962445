package dev.parley.bench;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.auth.TokenSigner;
import dev.parley.sdk.ParleyEndpoint;
import dev.parley.sdk.TokenSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A running deployment on this machine, as {@code parley up} describes it in {@code .parley/up.json}: where its edge and
 * its first router are, which processes it has, and the development key to make tokens with.
 *
 * @param edge {@code host:port} of the edge; empty: it has none
 * @param caFile the certificate authority of the edge; null: none, so the address is without TLS
 * @param router {@code host:port} of the first router, without TLS
 * @param pids process ids by name
 * @param signer makes tokens for any user
 */
public record Deployment(
    String edge, @Nullable Path caFile, String router, Map<String, Long> pids, TokenSigner signer) {
  private static final Duration TOKEN_LIFE = Duration.ofHours(1);

  /**
   * Reads it.
   *
   * @param directory usually {@code .parley}
   * @throws IOException if nothing runs there or the file cannot be read
   */
  public static Deployment in(Path directory) throws IOException {
    Path file = directory.resolve("up.json");
    if (!Files.exists(file)) {
      throw new IOException("Nothing runs here (" + file + " is missing): start it with ./parley up");
    }
    try {
      Map<String, Object> up = JSONObjectUtils.parse(Files.readString(file));
      String edge = JSONObjectUtils.getString(up, "edge");
      String ca = JSONObjectUtils.getString(up, "ca_file");
      Map<String, Object> routers = JSONObjectUtils.getJSONObject(up, "routers");
      return new Deployment(
          edge == null ? "" : edge,
          ca == null ? null : Path.of(ca),
          routers == null || routers.isEmpty() ? "" : routers.values().iterator().next().toString(),
          pids(JSONObjectUtils.getJSONObject(up, "processes")),
          DevKeys.in(directory.resolve("keys")).signer());
    } catch (ParseException malformed) {
      throw new IOException(file + " cannot be understood; run ./parley up again", malformed);
    }
  }

  private static Map<String, Long> pids(@Nullable Map<String, Object> processes) throws ParseException {
    Map<String, Long> pids = new TreeMap<>();
    if (processes != null) {
      for (String name : processes.keySet()) {
        pids.put(name, JSONObjectUtils.getLong(JSONObjectUtils.getJSONObject(processes, name), "pid"));
      }
    }
    return pids;
  }

  /**
   * How clients reach it.
   *
   * @param direct past the edge, at the router
   */
  public ParleyEndpoint endpoint(boolean direct) {
    if (direct || edge.isEmpty()) {
      return ParleyEndpoint.plaintext(router);
    }
    return caFile == null ? ParleyEndpoint.plaintext(edge) : ParleyEndpoint.tls(edge, caFile);
  }

  /** Fresh tokens for a user, each good for an hour. */
  public TokenSource tokens(String userId) {
    return () -> CompletableFuture.completedFuture(signer.sign(userId, userId, Instant.now().plus(TOKEN_LIFE)));
  }
}
