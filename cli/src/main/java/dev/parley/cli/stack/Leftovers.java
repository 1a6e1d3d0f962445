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
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The parts that are recorded in a data directory, by whichever {@code up} they were started. */
public final class Leftovers {
  private Leftovers() {}

  /**
   * Ends them in order; returns whether there were any. The edge goes first, so that routers do not wait for clients
   * that have nowhere else to go; then all routers at the same time.
   */
  public static boolean stop(Path data) throws IOException {
    if (!Files.isDirectory(data)) {
      return false;
    }
    boolean any = PartProcess.stopRecorded(data.resolve(Envoy.NAME), Envoy.NAME);
    any |= PartProcess.stopRecorded(data.resolve(GatewayProcess.NAME), GatewayProcess.NAME);
    any |= stopRouters(data);
    for (String name :
        List.of(
            DispatcherProcess.NAME, PushLabProcess.NAME, PresenceProcess.NAME, RedisServer.NAME, NatsServer.NAME)) {
      any |= PartProcess.stopRecorded(data.resolve(name), name);
    }
    StackState.remove(data);
    return any;
  }

  private static boolean stopRouters(Path data) throws IOException {
    List<Future<Boolean>> stops = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        DirectoryStream<Path> directories =
            Files.newDirectoryStream(data, path -> RouterProcess.isOne(path.getFileName().toString()))) {
      for (Path directory : directories) {
        stops.add(threads.submit(() -> PartProcess.stopRecorded(directory, directory.getFileName().toString())));
      }
    }
    return stops.stream().filter(Future::resultNow).count() > 0;
  }
}
