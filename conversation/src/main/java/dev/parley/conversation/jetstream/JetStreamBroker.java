package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.DispatchLog;
import dev.parley.conversation.log.Inquiries;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.MarkLog;
import dev.parley.conversation.log.Registry;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.Table;
import dev.parley.conversation.log.Wakes;
import dev.parley.v1.Durability;
import java.io.IOException;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;

/**
 * A broker on NATS JetStream, over three connections: one for appends, one for reads of the log, one for the rest.
 *
 * <p>Thread-safe. Once open it mends its connections for ever; what was in flight on one that broke fails with UNKNOWN,
 * and while there is none, everything fails at once with NOT_SENT. No method but {@link #open} and {@link #close}
 * blocks.
 */
public final class JetStreamBroker implements Broker {
  private final JetStreamSettings settings;
  private final Links links;
  private final List<JetStreamShardLog> shards;
  private final Map<TableName, JetStreamTable> tables = new EnumMap<>(TableName.class);
  private final JetStreamMarkLog marks;
  private final JetStreamRegistry registry;
  private final JetStreamWakes wakes;
  private final JetStreamInquiries inquiries;
  private final JetStreamDispatchLog dispatch;

  private JetStreamBroker(JetStreamSettings settings, Links links) {
    this.settings = settings;
    this.links = links;
    Requests appends = new Requests(links.appends);
    Requests reads = new Requests(links.reads);
    Requests rest = new Requests(links.rest);
    shards = IntStream.range(0, settings.layout().shards())
        .mapToObj(k -> new JetStreamShardLog(k, appends, reads, rest))
        .toList();
    for (TableName name : TableName.values()) {
      tables.put(name, new JetStreamTable(name, links.rest));
    }
    marks = new JetStreamMarkLog(rest);
    registry = new JetStreamRegistry(links.rest, StreamNames.ROUTERS);
    wakes = new JetStreamWakes(links.rest);
    inquiries = new JetStreamInquiries(links.rest);
    dispatch = new JetStreamDispatchLog(links.rest);
  }

  /**
   * Connects, and makes the streams that are missing. Blocks; fails with a {@link LogException}: NOT_SENT when the
   * broker cannot be reached, REFUSED when it has a log of another layout or does not give the streams.
   */
  public static JetStreamBroker open(JetStreamSettings settings) {
    return open(settings, StreamSetup.Missing.MAKE);
  }

  /**
   * As {@link #open}, for whoever may not make streams: waits for those that are missing, up to a minute, since a router
   * makes them when it starts. Fails with REFUSED when none has.
   */
  public static JetStreamBroker join(JetStreamSettings settings) {
    return open(settings, StreamSetup.Missing.AWAIT);
  }

  private static JetStreamBroker open(JetStreamSettings settings, StreamSetup.Missing missing) {
    Links links = new Links(settings);
    try {
      links.prepare(missing);
      return new JetStreamBroker(settings, links);
    } catch (RuntimeException e) {
      links.close();
      throw e;
    }
  }

  @Override
  public Layout layout() {
    return settings.layout();
  }

  @Override
  public ShardLog shard(int shard) {
    return shards.get(shard);
  }

  @Override
  public Table table(TableName name) {
    return Objects.requireNonNull(tables.get(name));
  }

  @Override
  public MarkLog marks() {
    return marks;
  }

  @Override
  public Registry registry() {
    return registry;
  }

  @Override
  public Wakes wakes() {
    return wakes;
  }

  @Override
  public Inquiries inquiries() {
    return inquiries;
  }

  @Override
  public DispatchLog dispatch() {
    return dispatch;
  }

  @Override
  public void onReconnect(Runnable action) {
    links.onReconnect.add(action);
  }

  @Override
  public Durability durability() {
    return links.durability;
  }

  @Override
  public boolean connected() {
    return links.appends.connected() && links.reads.connected() && links.rest.connected();
  }

  @Override
  public void close() {
    links.close();
  }

  /** The connections, and what was learnt from the broker over them. */
  private static final class Links implements AutoCloseable {
    private final JetStreamSettings settings;
    private final DurabilityProbe probe;
    private final BrokerLink appends;
    private final BrokerLink reads;
    private final BrokerLink rest;
    private final List<Runnable> onReconnect = new CopyOnWriteArrayList<>();
    private final Set<BrokerLink> lost = new HashSet<>();
    private volatile int replicas;
    private volatile Durability durability = Durability.DURABILITY_WRITTEN;

    Links(JetStreamSettings settings) {
      this.settings = settings;
      probe = new DurabilityProbe(settings.monitorUrl(), settings.durability());
      appends = BrokerLink.open(settings, "appends", settings.appendTimeout());
      reads = openBeside("reads", appends);
      rest = openBeside("tables", appends, reads);
      for (BrokerLink link : List.of(appends, reads, rest)) {
        link.onLoss(() -> lose(link));
        link.onReconnect(() -> regain(link));
      }
    }

    private void lose(BrokerLink link) {
      synchronized (lost) {
        lost.add(link);
      }
    }

    private void regain(BrokerLink link) {
      boolean whole;
      synchronized (lost) {
        whole = lost.remove(link) && lost.isEmpty();
      }
      if (whole) {
        onReconnect.forEach(Runnable::run);
      }
    }

    private BrokerLink openBeside(String name, BrokerLink... open) {
      try {
        return BrokerLink.open(settings, name, settings.requestTimeout());
      } catch (LogException e) {
        List.of(open).forEach(BrokerLink::close);
        throw e;
      }
    }

    void prepare(StreamSetup.Missing missing) {
      try {
        replicas = new StreamSetup(rest.connection().jetStreamManagement(), settings, missing).run();
      } catch (IOException e) {
        throw new LogException(Kind.UNKNOWN, "the broker did not answer: " + e.getMessage());
      }
      durability = probe.ask(replicas);
      // It may come back with another configuration.
      appends.onReconnect(() -> Thread.ofVirtual().name("durability").start(() -> durability = probe.ask(replicas)));
    }

    @Override
    public void close() {
      appends.close();
      reads.close();
      rest.close();
    }
  }
}
