package dev.parley.cli.stack;

import dev.parley.bench.Fault.Demand;
import dev.parley.bench.Fault;
import dev.parley.chassis.auth.DevKeys;
import dev.parley.cli.CommandFailure;
import dev.parley.conversation.jetstream.BrokerUser;
import dev.parley.parts.FreePorts;
import dev.parley.parts.NatsServer;
import dev.parley.parts.PartProcess;
import dev.parley.parts.Parts;
import dev.parley.parts.RedisServer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Lets faults happen to a stack that runs detached, and in the end sees to it that it is as it was. Each fault of a
 * router meets the one that has run longest. What is started is recorded, so that other commands find it.
 *
 * <p>Used by one thread at a time.
 */
public final class StackFaults implements AutoCloseable {
  /** A router that is silent for so long has lost its shards to the others. */
  private static final Duration HALT = Duration.ofSeconds(5);

  private final Path data;
  private final Deque<String> running = new ArrayDeque<>();
  private final Deque<String> ended = new ArrayDeque<>();
  private final TreeSet<String> before;
  private StackState state;

  private StackFaults(Path data, StackState state) {
    this.data = data;
    this.state = state;
    this.running.addAll(state.routers().keySet());
    this.before = new TreeSet<>(running);
  }

  /**
   * For the stack in this directory.
   *
   * @throws CommandFailure if none runs there, or one whose {@code up} watches over it
   */
  public static StackFaults in(Path data) throws IOException {
    StackState state =
        StackState.read(data)
            .filter(StackState::isRunning)
            .orElseThrow(() -> new CommandFailure("nothing runs in " + data + ": start it with ./parley up --detach"));
    if (!state.detached()) {
      throw new CommandFailure("this 'up' would stop everything when a part dies: start it with ./parley up --detach");
    }
    return new StackFaults(data, state);
  }

  /**
   * The fault with this name.
   *
   * @throws CommandFailure if there is none, with those that are
   */
  public Fault named(String name) {
    Map<String, Fault> all = new LinkedHashMap<>();
    for (Fault fault :
        List.of(
            new Fault("router-kill", Demand.SOON_CAUGHT_UP, this::killRouter),
            new Fault("router-term", Demand.UNNOTICED, this::endRouter),
            Fault.lasting("router-stop", Demand.SAFE, this::haltRouter, HALT, this::resumeRouter),
            new Fault("router-join", Demand.UNNOTICED, this::joinRouter),
            new Fault("nats-kill", Demand.SOON_CAUGHT_UP, this::killBroker),
            Fault.lasting(Fault.CALM, Demand.SAFE, () -> {}, HALT, () -> {}),
            new Fault("presence-kill", Demand.UNFELT, this::killPresence),
            Fault.lasting("presence-stop", Demand.UNFELT, stop(PresenceProcess.NAME), HALT, go(PresenceProcess.NAME)),
            new Fault("redis-kill", Demand.UNFELT, this::killRedis),
            Fault.lasting("redis-stop", Demand.UNFELT, stop(RedisServer.NAME), HALT, go(RedisServer.NAME)))) {
      all.put(fault.name(), fault);
    }
    Fault fault = all.get(name);
    if (fault == null) {
      throw new CommandFailure("there is no fault '" + name + "', only " + String.join(", ", all.keySet()));
    }
    return fault;
  }

  /** A crash. */
  private void killRouter() throws IOException {
    ProcessHandle process = leaving();
    process.destroyForcibly();
    process.onExit().join();
  }

  /** A planned end. */
  private void endRouter() throws IOException {
    ProcessHandle process = leaving();
    process.destroy();
    process.onExit().join();
  }

  /** The process of the router that is the next to go. */
  private ProcessHandle leaving() throws IOException {
    if (running.isEmpty()) {
      throw new IOException("no router runs any more: put router-join before this");
    }
    String name = running.removeFirst();
    ended.addLast(name);
    return process(name);
  }

  /** A pause, in which the others take its shards. */
  private void haltRouter() throws IOException, InterruptedException {
    if (running.isEmpty()) {
      throw new IOException("no router runs any more: put router-join before this");
    }
    running.addLast(running.removeFirst());
    signal("STOP", process(running.getLast()));
  }

  /** The end of the pause: it does not know yet what has happened. */
  private void resumeRouter() throws IOException, InterruptedException {
    signal("CONT", process(running.getLast()));
  }

  /** One that has ended comes back, else another one comes, past the edge only. */
  private void joinRouter() throws IOException {
    String name = ended.isEmpty() ? addRouter() : ended.removeFirst();
    record(state.withProcess(name, RouterProcess.start(router(data, state, name))));
    running.addLast(name);
  }

  /** The router of this name as {@code up} starts those of this stack. */
  static RouterProcess.Setup router(Path data, StackState state, String name) throws IOException {
    return new RouterProcess.Setup(
        name,
        data.resolve(name),
        port(state.routers().getOrDefault(name, "")),
        state.natsUrl(),
        state.natsMonitorUrl(),
        BrokerLogins.of(data, BrokerUser.ROUTER),
        state.presence(),
        DevKeys.in(data.resolve("keys")).jwks(),
        new RouterProcess.Link(port(state.links().getOrDefault(name, "")), LinkSecret.read(data)),
        port(state.admin().getOrDefault(name, "")),
        RouterProcess.Leaving.of(state.routers().size()),
        Watched.of(state).router());
  }

  /** Finds ports for one more router. */
  private String addRouter() throws IOException {
    String name = RouterProcess.name(state.routers().size() + 1);
    record(state.withRouter(name, "127.0.0.1:" + FreePorts.next(), "127.0.0.1:" + FreePorts.next(), "127.0.0.1:" + FreePorts.next()));
    return name;
  }

  /** A crash of the broker, which is started again at once. */
  private void killBroker() throws IOException {
    ProcessHandle process = process(NatsServer.NAME);
    process.destroyForcibly();
    process.onExit().join();
    NatsServer nats =
        NatsServer.start(
            new NatsServer.Settings(Parts.atHome(line -> {}).natsServer(), data.resolve(NatsServer.NAME))
                .withPorts(URI.create(state.natsUrl()).getPort(), URI.create(state.natsMonitorUrl()).getPort())
                .withSyncInterval(state.sync())
                .withUsers(BrokerLogins.in(data))
                .withOutlivesUs(true));
    record(state.withProcess(NatsServer.NAME, nats.process()));
  }

  private Fault.Action stop(String name) {
    return () -> signal("STOP", process(name));
  }

  private Fault.Action go(String name) {
    return () -> signal("CONT", process(name));
  }

  /** A crash of presence, which is started again. */
  private void killPresence() throws IOException {
    ProcessHandle process = process(PresenceProcess.NAME);
    process.destroyForcibly();
    process.onExit().join();
    record(
        state.withProcess(
            PresenceProcess.NAME,
            PresenceProcess.start(
                data.resolve(PresenceProcess.NAME),
                port(state.presence()),
                port(state.admin().getOrDefault(PresenceProcess.NAME, "")),
                state.redisUrl(),
                LinkSecret.read(data),
                Watched.of(state).presence())));
  }

  /** A crash of the store of presence, which comes back empty. */
  private void killRedis() throws IOException {
    ProcessHandle process = process(RedisServer.NAME);
    process.destroyForcibly();
    process.onExit().join();
    RedisServer redis =
        RedisServer.start(
            new RedisServer.Settings(Parts.atHome(line -> {}).valkeyServer(), data.resolve(RedisServer.NAME))
                .withPort(URI.create(state.redisUrl()).getPort())
                .withOutlivesUs(true));
    record(state.withProcess(RedisServer.NAME, redis.process()));
  }

  /** Starts again what has ended, and ends what was not there before. */
  @Override
  public void close() throws IOException {
    while (!ended.isEmpty()) {
      joinRouter();
    }
    for (String name : running) {
      if (!before.contains(name)) {
        PartProcess.stopRecorded(data.resolve(name), name);
        record(state.withoutRouter(name));
      }
    }
  }

  private void record(StackState changed) throws IOException {
    state = changed;
    state.write(data);
  }

  private ProcessHandle process(String name) throws IOException {
    return Optional.ofNullable(state.processes().get(name))
        .flatMap(ProcessRef::running)
        .orElseThrow(() -> new IOException(name + " does not run: see ./parley doctor"));
  }

  private static void signal(String name, ProcessHandle process) throws IOException, InterruptedException {
    int status = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    if (status != 0) {
      throw new IOException("SIG" + name + " could not be sent to pid " + process.pid());
    }
  }

  private static int port(String address) {
    return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
  }
}
