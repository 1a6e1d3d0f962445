package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.Registry;
import dev.parley.conversation.log.ShardLog;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the streams that are missing, when a router starts, or waits for them. What is there stays as it is: an operator may have given it
 * more room or replicas. The layout is kept with the first shard's stream, which is made first.
 */
final class StreamSetup {
  private static final Logger LOG = LoggerFactory.getLogger(StreamSetup.class);

  private static final String SHARDS = "parley-shards";
  private static final String WINDOW = "parley-window";
  private static final String FORMAT = "parley-format";

  private static final int STREAM_NOT_FOUND = 10059;
  private static final int STREAM_EXISTS = 10058;
  private static final int NO_SUITABLE_PEERS = 10005;
  private static final int PLACEMENT_TRIES = 20;
  private static final Duration PLACEMENT_PAUSE = Duration.ofMillis(250);
  private static final Duration ROUTER_START = Duration.ofMinutes(1);
  private static final Duration ROUTER_PAUSE = Duration.ofMillis(250);
  private static final long DISPATCH_BYTES = 512L << 20;
  private static final Duration DISPATCH_AGE = Duration.ofDays(7);
  private static final int MAX_HEADER_BYTES = 4 * 1024;

  private final JetStreamManagement management;
  private final JetStreamSettings settings;
  private final Missing missing;
  private final long awaitedUntil = System.nanoTime() + ROUTER_START.toNanos();

  StreamSetup(JetStreamManagement management, JetStreamSettings settings, Missing missing) {
    this.management = management;
    this.settings = settings;
    this.missing = missing;
  }

  /** What is done about a stream that is missing. */
  enum Missing {
    MAKE,
    AWAIT
  }

  /** Makes, or awaits, what is missing; the replicas that the shards have. Fails with REFUSED when the log has another layout. */
  int run() {
    StreamConfiguration first = ensure(shard(0));
    requireLayout(first.getMetadata());
    for (int k = 1; k < settings.layout().shards(); k++) {
      ensure(shard(k));
    }
    ensure(stream(StreamNames.CUTS, StreamNames.CUTS_SUBJECTS).maxMessagesPerSubject(1).build());
    ensure(stream(StreamNames.MARKS, StreamNames.MARKS_SUBJECTS).build());
    for (TableName name : TableName.values()) {
      ensure(bucket(StreamNames.bucket(name)).build());
    }
    ensure(dispatch());
    ensure(registry(StreamNames.ROUTERS));
    ensure(registry(StreamNames.DISPATCHERS));
    return first.getReplicas();
  }

  /**
   * Entries that end by themselves, each with a marker in its place, else no watch is told; the marker ends in the same
   * way and leaves none. In files, since revisions must not begin anew when the broker does.
   */
  private StreamConfiguration registry(String name) {
    return bucket(name)
        .maxAge(Registry.TTL)
        .allowRollup(true)
        .allowMessageTtl()
        .subjectDeleteMarkerTtl(Registry.TTL)
        .build();
  }

  /** A history that nothing rests on when it is old: its oldest part gives way. */
  private StreamConfiguration dispatch() {
    return stream(StreamNames.DISPATCH, StreamNames.DISPATCH_SUBJECTS)
        .discardPolicy(DiscardPolicy.Old)
        .maxBytes(DISPATCH_BYTES)
        .maxAge(DISPATCH_AGE)
        .build();
  }

  private StreamConfiguration.Builder bucket(String name) {
    return stream(StreamNames.bucketStream(name), StreamNames.bucketSubjects(name)).maxMessagesPerSubject(1);
  }

  private StreamConfiguration shard(int k) {
    Layout layout = settings.layout();
    return stream(StreamNames.shard(k), StreamNames.shardSubjects(k))
        .maxBytes(settings.maxBytesPerShard())
        .metadata(Map.of(
            SHARDS, Integer.toString(layout.shards()),
            WINDOW, Integer.toString(layout.window()),
            FORMAT, Integer.toString(layout.formatVersion())))
        .build();
  }

  private StreamConfiguration.Builder stream(String name, String subjects) {
    return StreamConfiguration.builder()
        .name(name)
        .subjects(subjects)
        .storageType(StorageType.File)
        .replicas(settings.replicas())
        .discardPolicy(DiscardPolicy.New)
        .allowDirect(true)
        .maximumMessageSize(ShardLog.MAX_RECORD_BYTES + MAX_HEADER_BYTES);
  }

  private StreamConfiguration ensure(StreamConfiguration wanted) {
    StreamConfiguration there = find(wanted);
    if (there != null) {
      return there;
    }
    return missing == Missing.MAKE ? create(wanted) : await(wanted);
  }

  private @Nullable StreamConfiguration find(StreamConfiguration wanted) {
    try {
      return present(wanted.getName());
    } catch (JetStreamApiException e) {
      if (e.getApiErrorCode() != STREAM_NOT_FOUND) {
        throw failure(wanted, e);
      }
      return null;
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  private StreamConfiguration await(StreamConfiguration wanted) {
    LOG.info("waiting for a router to make the stream {}", wanted.getName());
    StreamConfiguration there = null;
    while (there == null) {
      if (System.nanoTime() - awaitedUntil > 0) {
        throw new LogException(
            Kind.REFUSED, "the stream " + wanted.getName() + " is not there: start a router first, which makes it");
      }
      LockSupport.parkNanos(ROUTER_PAUSE.toNanos());
      there = find(wanted);
    }
    return there;
  }

  private StreamConfiguration create(StreamConfiguration wanted) {
    for (int tries = 1; ; tries++) {
      try {
        return management.addStream(wanted).getConfiguration();
      } catch (JetStreamApiException e) {
        if (e.getApiErrorCode() == STREAM_EXISTS) {
          return madeMeanwhile(wanted);
        }
        if (e.getApiErrorCode() != NO_SUITABLE_PEERS || tries == PLACEMENT_TRIES) {
          throw failure(wanted, e);
        }
        // A server of a cluster that has just started counts as away for a moment.
        LockSupport.parkNanos(PLACEMENT_PAUSE.toNanos());
      } catch (IOException e) {
        throw unreachable(e);
      }
    }
  }

  /** Another router was faster. */
  private StreamConfiguration madeMeanwhile(StreamConfiguration wanted) {
    try {
      return present(wanted.getName());
    } catch (JetStreamApiException e) {
      throw failure(wanted, e);
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  private StreamConfiguration present(String name) throws IOException, JetStreamApiException {
    return management.getStreamInfo(name).getConfiguration();
  }

  private void requireLayout(Map<String, String> kept) {
    Layout wanted = settings.layout();
    Layout stored;
    try {
      stored = new Layout(number(kept, SHARDS), number(kept, WINDOW), number(kept, FORMAT));
    } catch (IllegalArgumentException e) {
      throw new LogException(Kind.REFUSED, "the stream shard-0 was not made by Parley: " + e.getMessage());
    }
    if (!stored.equals(wanted)) {
      throw new LogException(
          Kind.REFUSED, "the log has the " + stored + ", this router is configured for " + wanted
              + "; a layout never changes: configure the stored one");
    }
  }

  private static int number(Map<String, String> kept, String name) {
    String value = kept.get(name);
    if (value == null) {
      throw new IllegalArgumentException("it has no " + name);
    }
    return Integer.parseInt(value);
  }

  private static LogException failure(StreamConfiguration stream, JetStreamApiException e) {
    return new LogException(
        Kind.REFUSED, "the broker does not give the stream " + stream.getName() + ": " + e.getMessage());
  }

  private static LogException unreachable(IOException e) {
    return new LogException(Kind.UNKNOWN, "the broker did not answer while streams were made: " + e.getMessage());
  }
}
