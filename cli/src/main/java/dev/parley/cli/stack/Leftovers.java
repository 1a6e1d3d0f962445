package dev.parley.cli.stack;

import dev.parley.edge.Envoy;
import dev.parley.parts.NatsServer;
import dev.parley.parts.PartProcess;
import dev.parley.parts.RedisServer;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The parts that are recorded in a data directory, by whichever {@code up} they were started. */
public final class Leftovers {
  private Leftovers() {}

  private static final Set<String> OTHERS =
      Set.of(GatewayProcess.NAME, DispatcherProcess.NAME, PushLabProcess.NAME, PresenceProcess.NAME);

  /**
   * Ends them in order; returns whether there were any. The edge goes first, so that routers do not wait for clients
   * that have nowhere else to go; then all of our own at the same time, and then what they store in
   * and send their spans to.
   */
  public static boolean stop(Path data) throws IOException {
    if (!Files.isDirectory(data)) {
      return false;
    }
    boolean any = PartProcess.stopRecorded(data.resolve(Envoy.NAME), Envoy.NAME);
    any |= stopOurs(data);
    for (String name : List.of(Observers.PROMETHEUS, Observers.COLLECTOR, RedisServer.NAME, NatsServer.NAME)) {
      any |= PartProcess.stopRecorded(data.resolve(name), name);
    }
    StackState.remove(data);
    return any;
  }

  private static boolean stopOurs(Path data) throws IOException {
    List<Future<Boolean>> stops = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        DirectoryStream<Path> directories =
            Files.newDirectoryStream(data, path -> isOurs(path.getFileName().toString()))) {
      for (Path directory : directories) {
        stops.add(threads.submit(() -> PartProcess.stopRecorded(directory, directory.getFileName().toString())));
      }
    }
    return stops.stream().filter(Future::resultNow).count() > 0;
  }

  private static boolean isOurs(String name) {
    return RouterProcess.isOne(name) || OTHERS.contains(name);
  }
}
