package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.Subscription;
import io.nats.client.support.JsonParseException;
import io.nats.client.support.JsonParser;
import io.nats.client.support.JsonValue;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Copies of all streams of a deployment, made by the broker's own snapshots while routers go on, and put back into an empty
 * broker.
 *
 * <p>The order keeps a copy that was made under load consistent. What is derived from the shards' logs, or begins where
 * they were, is copied before them, so that it never knows of more than they hold; cut copies of erased records after
 * them, so that no erased record lacks one. Registrations are left out: they end with the processes.
 *
 * <p>Not thread-safe; blocks.
 */
public final class JetStreamBackup implements AutoCloseable {
  private static final Duration REQUEST = Duration.ofSeconds(10);

  /** The broker looks through a whole stream before it begins to send it, and after it has taken it. */
  private static final Duration WHOLE_STREAM = Duration.ofMinutes(10);

  private static final Duration CHUNK = Duration.ofSeconds(30);
  private static final int CHUNK_BYTES = 128 << 10;
  private static final int NO_CONTENT = 204;
  private static final Set<String> OTHERS =
      Stream.concat(
              Stream.of(StreamNames.CUTS, StreamNames.MARKS, StreamNames.DISPATCH),
              Stream.of(TableName.values()).map(StreamNames::bucket).map(StreamNames::bucketStream))
          .collect(Collectors.toUnmodifiableSet());
  private static final String SHARD = StreamNames.shard(0).substring(0, StreamNames.shard(0).length() - 1);

  private final BrokerLink link;

  private JetStreamBackup(BrokerLink link) {
    this.link = link;
  }

  /** Connects; fails with NOT_SENT. */
  public static JetStreamBackup open(JetStreamSettings settings) {
    return new JetStreamBackup(BrokerLink.open(settings, "backup", REQUEST));
  }

  /**
   * A stream in a backup.
   *
   * @param name of the stream
   * @param description configuration and state, as the broker tells them: JSON
   * @param sha256 of the copy, hexadecimal
   * @param bytes of the copy
   */
  public record SavedStream(String name, String description, String sha256, long bytes) {}

  /** Our streams that there are, others of the same account left alone, in the order in which they are copied. */
  public List<String> streams() {
    try {
      Set<String> all = new TreeSet<>(Comparator.comparingInt(JetStreamBackup::turn).thenComparing(name -> name));
      for (String stream : connection().jetStreamManagement().getStreamNames()) {
        if (stream.startsWith(SHARD) || OTHERS.contains(stream)) {
          all.add(stream);
        }
      }
      return new ArrayList<>(all);
    } catch (IOException | JetStreamApiException e) {
      throw new LogException(Kind.UNKNOWN, "the broker does not tell its streams: " + e.getMessage());
    }
  }

  private static int turn(String stream) {
    if (stream.equals(StreamNames.CUTS)) {
      return 2;
    }
    return stream.startsWith(SHARD) ? 1 : 0;
  }

  /** Copies a stream, with the consumers that outlive us, to a file. */
  public SavedStream save(String stream, Path file) throws IOException {
    String inbox = connection().createInbox();
    Subscription chunks = connection().subscribe(inbox);
    chunks.setPendingLimits(-1, -1); // the broker waits for acknowledgements
    MessageDigest digest = sha256();
    try (OutputStream out = new DigestOutputStream(new BufferedOutputStream(Files.newOutputStream(file)), digest)) {
      String reply =
          text(
              request(
                  "$JS.API.STREAM.SNAPSHOT." + stream,
                  "{\"deliver_subject\":\"" + inbox + "\",\"jsck\":true,\"chunk_size\":" + CHUNK_BYTES + "}",
                  WHOLE_STREAM));
      long bytes = 0;
      Message chunk = next(chunks, stream);
      while (!isEnd(chunk)) {
        out.write(chunk.getData());
        bytes += chunk.getData().length;
        if (chunk.getReplyTo() != null) {
          connection().publish(chunk.getReplyTo(), new byte[0]);
        }
        chunk = next(chunks, stream);
      }
      out.flush();
      return new SavedStream(stream, reply, HexFormat.of().formatHex(digest.digest()), bytes);
    } finally {
      chunks.unsubscribe();
    }
  }

  private static boolean isEnd(Message chunk) {
    return chunk.isStatusMessage() || chunk.getData() == null || chunk.getData().length == 0;
  }

  private static Message next(Subscription chunks, String stream) {
    try {
      Message chunk = chunks.nextMessage(CHUNK);
      if (chunk == null) {
        throw new LogException(Kind.UNKNOWN, "the broker stopped in the middle of stream " + stream);
      }
      if (chunk.isStatusMessage() && chunk.getStatus().getCode() != NO_CONTENT) {
        throw new LogException(
            Kind.UNKNOWN, "the broker gave up stream " + stream + ": " + chunk.getStatus().getMessageWithCode());
      }
      return chunk;
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /** Makes a stream from its copy; fails with REFUSED when there is one of this name. */
  public void restore(SavedStream saved, Path file) throws IOException {
    Map<String, JsonValue> description = json(saved.description().getBytes(StandardCharsets.UTF_8));
    JsonValue config = description.get("config");
    JsonValue state = description.get("state");
    if (config == null || state == null) {
      throw new LogException(Kind.REFUSED, "the backup does not describe stream " + saved.name());
    }
    Message begun =
        request(
            "$JS.API.STREAM.RESTORE." + saved.name(),
            "{\"config\":" + config.toJson() + ",\"state\":" + state.toJson() + "}",
            REQUEST);
    JsonValue target = json(begun.getData()).get("deliver_subject");
    if (target == null || target.string == null) {
      throw new LogException(Kind.UNKNOWN, "the broker does not say where stream " + saved.name() + " is to go");
    }
    try (InputStream in = Files.newInputStream(file)) {
      for (byte[] chunk = in.readNBytes(CHUNK_BYTES); chunk.length > 0; chunk = in.readNBytes(CHUNK_BYTES)) {
        send(target.string, chunk, CHUNK);
      }
    }
    send(target.string, new byte[0], WHOLE_STREAM);
  }

  private void send(String target, byte[] chunk, Duration limit) {
    try {
      Message reply = connection().request(target, chunk, limit);
      if (reply == null) {
        throw new LogException(Kind.UNKNOWN, "the broker does not answer in the middle of a stream");
      }
      if (reply.getData() != null && reply.getData().length > 0) {
        json(reply.getData());
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private Message request(String subject, String body, Duration limit) {
    try {
      Message reply = connection().request(subject, body.getBytes(StandardCharsets.UTF_8), limit);
      if (reply == null) {
        throw new LogException(Kind.UNKNOWN, "the broker does not answer " + subject);
      }
      json(reply.getData());
      return reply;
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static String text(Message message) {
    return new String(message.getData(), StandardCharsets.UTF_8);
  }

  private static Map<String, JsonValue> json(byte[] bytes) {
    try {
      Map<String, JsonValue> answer = Objects.requireNonNullElse(JsonParser.parse(bytes).map, Map.of());
      JsonValue error = answer.get("error");
      if (error != null && error.map != null) {
        JsonValue why = error.map.get("description");
        throw new LogException(Kind.REFUSED, "the broker says: " + (why == null ? error.toJson() : why.string));
      }
      return answer;
    } catch (JsonParseException e) {
      throw new LogException(Kind.UNKNOWN, "an unreadable answer: " + e.getMessage());
    }
  }

  private Connection connection() {
    return link.connection();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }

  private static LogException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new LogException(Kind.UNKNOWN, "interrupted: " + e.getMessage());
  }

  /** The SHA-256 of a file, hexadecimal. */
  public static String sha256(Path file) throws IOException {
    MessageDigest digest = sha256();
    try (InputStream in = Files.newInputStream(file)) {
      in.transferTo(new DigestOutputStream(OutputStream.nullOutputStream(), digest));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  @Override
  public void close() {
    link.close();
  }
}
