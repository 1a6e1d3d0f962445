package dev.parley.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.config.Settings;
import dev.parley.chassis.telemetry.Scrape;
import dev.parley.chassis.telemetry.Telemetry;
import dev.parley.chassis.telemetry.TelemetrySettings;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.dispatcher.DispatcherServer;
import dev.parley.dispatcher.DispatcherSettings;
import dev.parley.gateway.GatewayServer;
import dev.parley.gateway.GatewaySettings;
import dev.parley.parts.Parts;
import dev.parley.presence.PresenceServer;
import dev.parley.presence.PresenceSettings;
import dev.parley.presence.store.MemoryPresenceStore;
import dev.parley.router.RouterServer;
import dev.parley.router.RouterSettings;
import io.opentelemetry.api.metrics.DoubleGaugeBuilder;
import io.opentelemetry.api.metrics.DoubleHistogramBuilder;
import io.opentelemetry.api.metrics.LongCounterBuilder;
import io.opentelemetry.api.metrics.LongUpDownCounterBuilder;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.MeterBuilder;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.api.trace.TracerProvider;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keeps {@code docs/telemetry.md} true: all instruments that the programs make stand there, and no others. */
class MetricsPageIT {
  /** The first two cells of a row: the name, and the one that Prometheus shows. */
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z_.]+)` \\| `([a-z_]+)` \\|");

  private static final Pattern SHOWN = Pattern.compile("(?m)^# TYPE (\\S+) ");
  private static final Pattern OF_THE_PROCESS = Pattern.compile("jvm\\..*|process\\..*|parley\\.build\\.info");

  @TempDir Path data;
  private String page = "";
  /** Prometheus' names by the names on the page. */
  private final Map<String, String> named = new TreeMap<>();

  @BeforeEach
  void readThePage() throws IOException {
    page = Files.readString(Parts.findHome().resolve("docs/telemetry.md"));
    Matcher rows = ROW.matcher(page);
    while (rows.find()) {
      named.put(rows.group(1), rows.group(2));
    }
  }

  /** Makes instruments that count nothing, and remembers their names. */
  private static final class Noting implements MeterProvider, MeterBuilder, Meter {
    private final Meter nothing = MeterProvider.noop().get("nothing");
    private final Set<String> names = new ConcurrentSkipListSet<>();

    @Override
    public MeterBuilder meterBuilder(String scope) {
      return this;
    }

    @Override
    public MeterBuilder setSchemaUrl(String url) {
      return this;
    }

    @Override
    public MeterBuilder setInstrumentationVersion(String version) {
      return this;
    }

    @Override
    public Meter build() {
      return this;
    }

    @Override
    public LongCounterBuilder counterBuilder(String name) {
      names.add(name);
      return nothing.counterBuilder(name);
    }

    @Override
    public LongUpDownCounterBuilder upDownCounterBuilder(String name) {
      names.add(name);
      return nothing.upDownCounterBuilder(name);
    }

    @Override
    public DoubleHistogramBuilder histogramBuilder(String name) {
      names.add(name);
      return nothing.histogramBuilder(name);
    }

    @Override
    public DoubleGaugeBuilder gaugeBuilder(String name) {
      names.add(name);
      return nothing.gaugeBuilder(name);
    }
  }

  @Test
  void thePageNamesWhatTheProgramsMake() throws Exception {
    Noting noting = new Noting();
    start(Telemetry.over(noting, TracerProvider.noop()));

    Set<String> made =
        noting.names.stream().filter(name -> !name.startsWith("grpc.")).collect(Collectors.toCollection(TreeSet::new));
    Set<String> written =
        named.keySet().stream()
            .filter(name -> !OF_THE_PROCESS.matcher(name).matches())
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(written).isEqualTo(made);
    assertThat(noting.names)
        .contains("grpc.server.call.started", "grpc.server.call.duration", "grpc.client.call.duration");
    named.forEach((name, shown) -> assertThat(shown).startsWith(name.replace('.', '_')));
  }

  @Test
  void thePageNamesWhatIsToldOfTheProcess() throws Exception {
    try (Telemetry telemetry =
        Telemetry.of(Settings.defaults(TelemetrySettings.class), null, true, "test", "one")) {
      Scrape scrape = Objects.requireNonNull(telemetry.scrape());
      System.gc();

      Set<String> written =
          named.entrySet().stream()
              .filter(each -> OF_THE_PROCESS.matcher(each.getKey()).matches())
              .map(Map.Entry::getValue)
              .collect(Collectors.toCollection(TreeSet::new));
      await().untilAsserted(() -> assertThat(shown(scrape)).isEqualTo(written));
    }
  }

  private static Set<String> shown(Scrape scrape) throws IOException {
    Matcher types = SHOWN.matcher(new String(scrape.page(null).body(), StandardCharsets.UTF_8));
    Set<String> shown = new TreeSet<>();
    while (types.find()) {
      shown.add(types.group(1));
    }
    return shown;
  }

  /** All programs, one after the other, in this process. */
  private void start(Telemetry telemetry) throws Exception {
    DevKeys keys = DevKeys.in(data);
    try (MemoryBroker broker = new MemoryBroker(Layout.ONE_NODE);
        MemoryPresenceStore store = new MemoryPresenceStore(() -> System.nanoTime() / 1_000);
        PresenceServer presence =
            new PresenceServer(
                Settings.load(PresenceSettings.class, Map.of(), List.of("--parley.presence.listen=127.0.0.1:0")),
                store,
                telemetry);
        RouterServer router =
            new RouterServer(
                Settings.load(
                    RouterSettings.class,
                    Map.of(),
                    List.of(
                        "--parley.router.server.listen=127.0.0.1:0",
                        "--parley.router.link.listen=127.0.0.1:0",
                        "--parley.router.auth.jwks=" + keys.jwks())),
                broker,
                InstantSource.system(),
                () -> {},
                telemetry);
        DispatcherServer dispatcher =
            new DispatcherServer(
                Settings.load(
                    DispatcherSettings.class, Map.of(), DispatcherProcess.arguments("one", 0, keys.jwks())),
                broker,
                InstantSource.system(),
                telemetry);
        GatewayServer gateway =
            new GatewayServer(
                Settings.load(GatewaySettings.class, Map.of(), List.of("--parley.gateway.listen=127.0.0.1:0")),
                telemetry)) {
      assertThat(List.of(presence.address(), router.port(), dispatcher.port(), gateway.port())).doesNotContainNull();
    }
  }
}
