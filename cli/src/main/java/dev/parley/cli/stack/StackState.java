package dev.parley.cli.stack;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.parts.PartProcess;
import dev.parley.parts.RedisServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.text.ParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code parley up} started, as it stands in {@code up.json} for the other commands.
 *
 * @param edge where clients connect, as host:port
 * @param caFile what they have to trust
 * @param routers each router's own address by its name, past the edge, plaintext
 * @param links where each router listens for the others, by its name; empty: there is only one
 * @param natsUrl the broker for clients
 * @param natsMonitorUrl the broker's monitoring endpoint
 * @param redisUrl where presence keeps what is so
 * @param presence where presence listens for the routers, as host:port
 * @param gateway where the gateway listens for the edge, as host:port
 * @param dispatcher where the dispatcher listens for the edge, as host:port
 * @param phones where the push lab shows what phones show, as an http address
 * @param admin where each program is asked how it is, by its name, as host:port
 * @param observe where what looks at them is, by its name: addresses, and the file with the spans; empty: nothing does
 * @param metrics whether the programs count what happens
 * @param sync when the broker flushes to disk
 * @param detached whether the processes run on without the {@code up} that started them
 * @param up the {@code up} that started them
 * @param processes by name
 * @param logs by name
 */
public record StackState(
    String edge,
    Path caFile,
    Map<String, String> routers,
    Map<String, String> links,
    String natsUrl,
    String natsMonitorUrl,
    String redisUrl,
    String presence,
    String gateway,
    String dispatcher,
    String phones,
    Map<String, String> admin,
    Map<String, String> observe,
    boolean metrics,
    String sync,
    boolean detached,
    ProcessRef up,
    Map<String, ProcessRef> processes,
    Map<String, Path> logs) {
  /** Processes without which messages go on: presence, the way in for browsers, pushes, and what only looks. */
  static final Set<String> SPARED =
      Set.of(
          RedisServer.NAME, PresenceProcess.NAME, GatewayProcess.NAME, DispatcherProcess.NAME, PushLabProcess.NAME,
          Observers.PROMETHEUS, Observers.COLLECTOR);

  private static final String FILE = "up.json";

  /** The state in this directory; empty: nothing was started there, or it was stopped. */
  public static Optional<StackState> read(Path data) throws IOException {
    String text;
    try {
      text = Files.readString(data.resolve(FILE));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    try {
      return Optional.of(parse(JSONObjectUtils.parse(text)));
    } catch (ParseException | RuntimeException e) {
      throw new IOException(data.resolve(FILE) + " cannot be understood; remove it: " + e.getMessage(), e);
    }
  }

  /** Whether it carries messages: all of its processes run but for those that it can do without. */
  public boolean isRunning() {
    return processes.entrySet().stream()
        .filter(each -> !SPARED.contains(each.getKey()))
        .allMatch(each -> each.getValue().running().isPresent());
  }

  /** Where a browser finds the page. */
  public String page() {
    return "https://" + edge + "/";
  }

  /** The address of the first router: one of those that can be reached past the edge. */
  public String firstRouter() {
    return routers.values().iterator().next();
  }

  /** With another process under this name. */
  StackState withProcess(String name, PartProcess process) throws IOException {
    ProcessHandle handle =
        ProcessHandle.of(process.pid()).orElseThrow(() -> new IOException(name + " has ended already"));
    return with(
        routers, links, admin, with(processes, name, ProcessRef.of(handle)), with(logs, name, process.logFile()));
  }

  /** With one more router, whose process is still to come. */
  StackState withRouter(String name, String address, String link, String adminAddress) {
    return with(
        with(routers, name, address), with(links, name, link), with(admin, name, adminAddress), processes, logs);
  }

  /** Without this router and its process. */
  StackState withoutRouter(String name) {
    return with(
        without(routers, name), without(links, name), without(admin, name), without(processes, name), without(logs, name));
  }

  private StackState with(
      Map<String, String> routersNow,
      Map<String, String> linksNow,
      Map<String, String> adminNow,
      Map<String, ProcessRef> processesNow,
      Map<String, Path> logsNow) {
    return new StackState(
        edge, caFile, routersNow, linksNow, natsUrl, natsMonitorUrl, redisUrl, presence, gateway, dispatcher, phones,
        adminNow, observe, metrics, sync, detached, up, processesNow, logsNow);
  }

  private static <T> Map<String, T> with(Map<String, T> map, String key, T value) {
    Map<String, T> copy = new LinkedHashMap<>(map);
    copy.put(key, value);
    return copy;
  }

  private static <T> Map<String, T> without(Map<String, T> map, String key) {
    Map<String, T> copy = new LinkedHashMap<>(map);
    copy.remove(key);
    return copy;
  }

  /** Writes the state, whole or not at all. */
  void write(Path data) throws IOException {
    Path part = data.resolve(FILE + ".part");
    Files.writeString(part, JSONObjectUtils.toJSONString(toMap()));
    Files.move(part, data.resolve(FILE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  static void remove(Path data) throws IOException {
    Files.deleteIfExists(data.resolve(FILE));
  }

  /** The state as JSON, in the order in which people look for it. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("edge", edge);
    map.put("ca_file", caFile.toString());
    map.put("routers", routers);
    map.put("links", links);
    map.put("nats_url", natsUrl);
    map.put("nats_monitor_url", natsMonitorUrl);
    map.put("redis_url", redisUrl);
    map.put("presence", presence);
    map.put("gateway", gateway);
    map.put("dispatcher", dispatcher);
    map.put("phones", phones);
    map.put("admin", admin);
    map.put("observe", observe);
    map.put("page", page());
    map.put("metrics", metrics);
    map.put("sync", sync);
    map.put("detached", detached);
    map.put("up", toMap(up));
    Map<String, Object> pids = new LinkedHashMap<>();
    processes.forEach((name, ref) -> pids.put(name, toMap(ref)));
    map.put("processes", pids);
    Map<String, Object> files = new LinkedHashMap<>();
    logs.forEach((name, file) -> files.put(name, file.toString()));
    map.put("logs", files);
    return map;
  }

  private static Map<String, Object> toMap(ProcessRef ref) {
    return Map.of("pid", ref.pid(), "start_ms", ref.startMillis());
  }

  private static StackState parse(Map<String, Object> map) throws ParseException {
    Map<String, ProcessRef> processes = new LinkedHashMap<>();
    Map<String, Object> pids = JSONObjectUtils.getJSONObject(map, "processes");
    for (String name : pids.keySet()) {
      processes.put(name, ref(JSONObjectUtils.getJSONObject(pids, name)));
    }
    Map<String, Path> logs = new LinkedHashMap<>();
    JSONObjectUtils.getJSONObject(map, "logs").forEach((name, file) -> logs.put(name, Path.of(file.toString())));
    return new StackState(
        JSONObjectUtils.getString(map, "edge"),
        Path.of(JSONObjectUtils.getString(map, "ca_file")),
        addresses(map, "routers"),
        addresses(map, "links"),
        JSONObjectUtils.getString(map, "nats_url"),
        JSONObjectUtils.getString(map, "nats_monitor_url"),
        JSONObjectUtils.getString(map, "redis_url"),
        JSONObjectUtils.getString(map, "presence"),
        JSONObjectUtils.getString(map, "gateway"),
        JSONObjectUtils.getString(map, "dispatcher"),
        JSONObjectUtils.getString(map, "phones"),
        addresses(map, "admin"),
        addresses(map, "observe"),
        !Boolean.FALSE.equals(map.get("metrics")), // what an older build has started does not say it
        JSONObjectUtils.getString(map, "sync"),
        JSONObjectUtils.getBoolean(map, "detached"),
        ref(JSONObjectUtils.getJSONObject(map, "up")),
        processes,
        logs);
  }

  private static Map<String, String> addresses(Map<String, Object> map, String key) throws ParseException {
    Map<String, String> addresses = new LinkedHashMap<>();
    JSONObjectUtils.getJSONObject(map, key).forEach((name, address) -> addresses.put(name, address.toString()));
    return addresses;
  }

  private static ProcessRef ref(Map<String, Object> map) throws ParseException {
    return new ProcessRef(JSONObjectUtils.getLong(map, "pid"), JSONObjectUtils.getLong(map, "start_ms"));
  }
}
