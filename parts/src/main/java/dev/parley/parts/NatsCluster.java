package dev.parley.parts;

import java.util.ArrayList;
import java.util.List;

/**
 * Three nats-servers on the loopback address that keep streams together: one may be lost at any time. Each has a
 * directory of its own, {@code n1}, {@code n2} and {@code n3}, which is also its name; data stays between runs.
 *
 * <p>Not thread-safe: one owner starts, breaks and stops it.
 */
public final class NatsCluster implements AutoCloseable {
  private static final int NODES = 3;
  private static final int PORTS_PER_NODE = 3;

  private final List<NatsServer> nodes;

  private NatsCluster(List<NatsServer> nodes) {
    this.nodes = List.copyOf(nodes);
  }

  /**
   * Starts a cluster and waits until all its nodes are healthy.
   *
   * @param settings of each node, below the directory that they name; their ports are not used: each node gets free ones
   *     and keeps them over restarts of the same object
   */
  public static NatsCluster start(NatsServer.Settings settings) {
    List<Integer> ports = FreePorts.next(NODES * PORTS_PER_NODE);
    List<Integer> routePorts = ports.subList(0, NODES);
    List<NatsServer> nodes = new ArrayList<>();
    try {
      for (int i = 0; i < NODES; i++) {
        String name = "n" + (i + 1);
        nodes.add(NatsServer.begin(settings
            .withDirectory(settings.directory().resolve(name))
            .withPorts(ports.get(NODES + 2 * i), ports.get(NODES + 2 * i + 1))
            .withSeat(new NatsServer.Seat(name, routePorts.get(i), routePorts))));
      }
    } catch (PartException e) {
      nodes.forEach(NatsServer::stop);
      throw e;
    }
    NatsCluster cluster = new NatsCluster(nodes);
    cluster.awaitReady();
    return cluster;
  }

  private void awaitReady() {
    try {
      nodes.forEach(NatsServer::awaitReady);
    } catch (PartException e) {
      close();
      throw e;
    }
  }

  /** Starts all nodes that do not run, at once, and waits until the whole cluster is healthy. */
  public void restart() {
    nodes.stream().filter(node -> !node.process().isAlive()).forEach(NatsServer::beginAgain);
    awaitReady();
  }

  /** The nodes, each of which can be stopped, killed, paused and restarted by itself. Always the same objects. */
  public List<NatsServer> nodes() {
    return nodes;
  }

  /** The node with this name, as the broker names the leader of a stream. */
  public NatsServer node(String name) {
    return nodes.stream()
        .filter(node -> node.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no node is named " + name));
  }

  /** For clients: the addresses of all nodes. */
  public List<String> urls() {
    return nodes.stream().map(NatsServer::url).toList();
  }

  /** Ends all nodes gently, and at once. */
  @Override
  public void close() {
    nodes.parallelStream().forEach(NatsServer::stop);
  }
}
