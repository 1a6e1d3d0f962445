package dev.parley.images;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What differs between the images: one constant for each process. */
public enum Image {
  /** Sessions and shard owners. */
  ROUTER(
      "router",
      "dev.parley.router.RouterMain",
      List.of(8700, 8710, 9464),
      Map.of(
          "PARLEY_ROUTER_SERVER_LISTEN", "0.0.0.0:8700",
          "PARLEY_ROUTER_LINK_LISTEN", "0.0.0.0:8710",
          "PARLEY_ROUTER_ADMIN_LISTEN", "0.0.0.0:9464")),
  /** Who is online. */
  PRESENCE(
      "presence",
      "dev.parley.presence.PresenceMain",
      List.of(8720, 9464),
      Map.of("PARLEY_PRESENCE_LISTEN", "0.0.0.0:8720", "PARLEY_PRESENCE_ADMIN_LISTEN", "0.0.0.0:9464")),
  /** Pushes and webhooks. */
  DISPATCHER(
      "dispatcher",
      "dev.parley.dispatcher.DispatcherMain",
      List.of(8700, 9464),
      Map.of("PARLEY_DISPATCHER_SERVER_LISTEN", "0.0.0.0:8700", "PARLEY_DISPATCHER_ADMIN_LISTEN", "0.0.0.0:9464")),
  /** Browsers. */
  GATEWAY(
      "gateway",
      "dev.parley.gateway.GatewayMain",
      List.of(8740, 9464),
      Map.of("PARLEY_GATEWAY_LISTEN", "0.0.0.0:8740", "PARLEY_GATEWAY_ADMIN_LISTEN", "0.0.0.0:9464")),
  /** Envoy, which a Java program gives its configuration. */
  EDGE("edge", "dev.parley.edge.EdgeMain", List.of(8443), Map.of("PARLEY_EDGE_LISTEN", "0.0.0.0:8443")),
  /** The command line: for looking at an installation from inside its cluster. */
  CLI("cli", "dev.parley.cli.Main", List.of(), Map.of());

  /** Where Envoy lies in the image of the edge. */
  static final String ENVOY = "/usr/local/bin/envoy";

  /** Where the jars lie in every image. */
  static final String JARS = "/app/lib";

  /** Where the cache of loaded classes lies in an image that has one. */
  static final String AOT_CACHE = "/app/classes.aot";

  /** What writing the edge's configuration needs; the rest of the chassis' libraries serves gRPC, which it does not. */
  private static final Set<String> EDGE_JARS =
      Set.of(
          "parley-edge-proxy",
          "parley-chassis",
          "parley-proto",
          "protobuf-java",
          "grpc-api",
          "grpc-protobuf",
          "grpc-context",
          "proto-google-common-protos",
          "guava",
          "failureaccess",
          "jspecify");

  private final String process;
  private final String mainClass;
  private final List<Integer> ports;
  private final Map<String, String> environment;

  Image(String process, String mainClass, List<Integer> ports, Map<String, String> environment) {
    this.process = process;
    this.mainClass = mainClass;
    this.ports = ports;
    this.environment = environment;
  }

  /** The image's name, without registry and tag. */
  public String imageName() {
    return "parley-" + process;
  }

  /** The folder of the module whose process this is. */
  String module() {
    return this == EDGE ? "edge-proxy" : process;
  }

  /** What it says of itself. */
  String title() {
    return "Parley: " + process;
  }

  /** The environment variable of a setting of the process. */
  String setting(String name) {
    return "PARLEY_" + process.toUpperCase(Locale.ROOT) + "_" + name;
  }

  List<Integer> ports() {
    return ports;
  }

  /** Every image listens on all addresses of its container, whose network is its own. */
  Map<String, String> environment() {
    Map<String, String> all = new TreeMap<>(environment);
    // The names of files are UTF-8 too.
    all.put("LANG", "C.UTF-8");
    // glibc gives each thread an arena of its own, which never shrinks: two are enough for a few busy loops.
    all.put("MALLOC_ARENA_MAX", "2");
    all.put("PATH", JavaRuntime.HOME + "/bin:/usr/local/bin");
    return all;
  }

  /** Whether a jar of the process's class path goes into the image. */
  boolean needs(Jar jar) {
    return this != EDGE || EDGE_JARS.contains(jar.artifact());
  }

  /** Whether its JVM lives on: only then is it worth while to keep its classes loaded. */
  boolean staysInJava() {
    return this != EDGE && this != CLI;
  }

  /** Whether it has an admin endpoint of ours. */
  boolean hasAdmin() {
    return staysInJava();
  }

  /** The command of the image; settings may follow it as arguments. */
  List<String> entryPoint(List<String> classPath, Optional<String> aotCache) {
    List<String> command = new ArrayList<>();
    command.add(JavaRuntime.HOME + "/bin/java");
    aotCache.ifPresent(file -> command.add("-XX:AOTCache=" + file));
    command.addAll(List.of("-cp", String.join(":", classPath), mainClass));
    if (this == EDGE) {
      command.add(ENVOY);
    }
    return command;
  }
}
