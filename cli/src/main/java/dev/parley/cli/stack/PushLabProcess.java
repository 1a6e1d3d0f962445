package dev.parley.cli.stack;

import dev.parley.parts.PartProcess;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The push lab in a JVM of its own: it stands in for Apple, Google and browsers. */
public final class PushLabProcess {
  /** The name of the one lab, of its process and its files. */
  public static final String NAME = "push-lab";

  private static final String MAIN = "dev.parley.pushlab.PushLabMain";
  private static final List<String> JVM_FLAGS = List.of("-Xmx64m", "-XX:MaxDirectMemorySize=64m");
  private static final int PROBE_MILLIS = 1000;

  private PushLabProcess() {}

  /** The ports of a lab. That of browsers' subscriptions must stay, or they have to subscribe anew. */
  record LabPorts(int admin, int fcm, int apns, int web) {
    private static final int FIRST = 8730;

    /** The usual ones that are free, and free ones for the others. */
    static LabPorts choose() {
      return new LabPorts(
          Ports.choose("", 0, FIRST),
          Ports.choose("", 0, FIRST + 1),
          Ports.choose("", 0, FIRST + 2),
          Ports.choose("", 0, FIRST + 3));
    }
  }

  /** What a lab is told. */
  static List<String> arguments(Path directory, LabPorts ports) {
    return List.of(
        "--parley.pushlab.directory=" + directory,
        "--parley.pushlab.admin-port=" + ports.admin(),
        "--parley.pushlab.fcm-port=" + ports.fcm(),
        "--parley.pushlab.apns-port=" + ports.apns(),
        "--parley.pushlab.web-port=" + ports.web());
  }

  /** Starts it and waits until it listens. */
  static PartProcess start(Path directory, LabPorts ports) {
    return JvmProcess.start(
        new JvmProcess.Launch(NAME, directory, JVM_FLAGS, MAIN, arguments(directory, ports), Map.of()),
        () -> isReady("http://127.0.0.1:" + ports.admin()));
  }

  /** Whether the lab at this address answers. */
  public static boolean isReady(String address) {
    try {
      HttpURLConnection request = (HttpURLConnection) URI.create(address + "/phones").toURL().openConnection();
      request.setConnectTimeout(PROBE_MILLIS);
      request.setReadTimeout(PROBE_MILLIS);
      return request.getResponseCode() == HttpURLConnection.HTTP_OK;
    } catch (IOException notYet) {
      return false;
    }
  }

  /** The settings of a dispatcher that sends to the lab in this directory, as the lab has written them. */
  static Path dispatcherSettings(Path directory) {
    return directory.resolve("dispatcher.properties");
  }
}
