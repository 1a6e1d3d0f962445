package dev.parley.helm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chassis.config.Settings;
import dev.parley.chassis.telemetry.TraceSettings;
import dev.parley.conversation.jetstream.BrokerUser;
import dev.parley.dispatcher.DispatcherSettings;
import dev.parley.edge.EdgeSettings;
import dev.parley.gateway.GatewaySettings;
import dev.parley.presence.PresenceSettings;
import dev.parley.router.RouterSettings;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/** What helm makes of the chart. What a cluster makes of that, {@code helm/test} tries. */
class ChartIT {
  private final Chart chart = new Chart();

  @ParameterizedTest
  @ValueSource(strings = {"small", "standard"})
  void aProfileHasNothingToComplainOf(String profile) throws Exception {
    Chart.Said said =
        chart.run(
            List.of("lint", "--strict"),
            "--values=" + chart.named(),
            "--values=" + chart.file("profiles/" + profile + ".yaml"));

    assertThat(said.text()).contains("0 chart(s) failed");
    assertThat(said.status()).isZero();
  }

  @Test
  void whatIsMissingIsNamedWithTheCommandThatMakesIt() throws Exception {
    Chart.Said said = chart.run(List.of("template", "chat"), "--namespace=talk");

    assertThat(said.status()).isNotZero();
    assertThat(said.text())
        .contains("secrets.link.name is missing", "kubectl -n talk create secret generic parley-link")
        .contains("secrets.tls.name is missing", "kubectl -n talk create secret tls parley-tls")
        .contains("auth.jwks is missing");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "router.repplicas=3 -> repplicas",
        "log.replicas=2 -> /log/replicas",
        "mesh.istio.mode=on -> /mesh/istio/mode",
        "router.settings.link\\.secret=x -> the chart sets \"link.secret\" itself",
        "nats.storage.size=2Gi -> Name at least 18Gi",
      })
  void aWrongValueIsRefused(String valueAndWords) throws Exception {
    String[] parts = valueAndWords.split(" -> ");
    Chart.Said said = chart.run(List.of("template", "chat"), "--values=" + chart.named(), "--set=" + parts[0]);

    assertThat(said.status()).isNotZero();
    assertThat(said.text()).contains(parts[1]);
  }

  @Test
  void everyProcessUnderstandsItsEnvironment() throws Exception {
    List<Map<String, Object>> objects =
        chart.rendered("--values=" + chart.named().resolveSibling("everything.yaml"));

    RouterSettings router = load(RouterSettings.class, objects, "StatefulSet", "router");
    assertThat(router.name()).isEqualTo("chat-parley-router-0");
    assertThat(router.session().sessions()).isEqualTo(30000);
    assertThat(router.link().advertise())
        .isEqualTo("chat-parley-router-0.chat-parley-router-pods.chat.svc.cluster.local:8710");
    assertThat(router.presence().addresses()).hasSize(1);
    PresenceSettings presence = load(PresenceSettings.class, objects, "StatefulSet", "presence");
    assertThat(presence.redis().getHost()).isEqualTo("chat-parley-redis.chat.svc.cluster.local");
    DispatcherSettings dispatcher = load(DispatcherSettings.class, objects, "Deployment", "dispatcher");
    assertThat(dispatcher.nats().servers()).isEqualTo(router.nats().servers());
    GatewaySettings gateway = load(GatewaySettings.class, objects, "Deployment", "gateway");
    assertThat(gateway.routers()).as("as many as there may be").hasSize(10);
    EdgeSettings edge = load(EdgeSettings.class, objects, "Deployment", "edge");
    assertThat(edge.adminListen()).isEqualTo("0.0.0.0:9464");
    assertThat(edge.name()).isEqualTo("chat-parley-edge-0");
    URI collector = URI.create("http://collector.telemetry:4318/v1/traces");
    assertThat(edge.trace()).isEqualTo(new EdgeSettings.TraceSettings(collector, 0.01));
    assertThat(router.trace()).isEqualTo(new TraceSettings(collector, 0.01));
    assertThat(dispatcher.trace().endpoint()).isEqualTo(collector);
  }

  @ParameterizedTest
  @EnumSource
  void theBrokerPermitsWhatEachProgramNeedsAndNothingElse(BrokerUser user) throws Exception {
    List<Map<String, Object>> objects = chart.rendered();
    String config = String.valueOf(Tree.at(Tree.object(objects, "ConfigMap", "chat-parley-nats"), "data", "nats.conf"));
    Matcher permissions =
        Pattern.compile(
                "user: " + user.login() + ", .*?publish: \\{ allow: (\\[.*?]) }.*?subscribe: \\{ allow: (\\[.*?]) }",
                Pattern.DOTALL)
            .matcher(config);

    assertThat(permissions.find()).isTrue();
    assertThat(new Yaml().<List<String>>load(permissions.group(1))).isEqualTo(user.publish());
    assertThat(new Yaml().<List<String>>load(permissions.group(2))).isEqualTo(user.subscribe());
  }

  @Test
  void routersAndDispatchersLogInAsDifferentUsers() throws Exception {
    List<Map<String, Object>> own = chart.rendered();
    List<Map<String, Object>> existing =
        chart.rendered(
            "--values=" + chart.named().resolveSibling("existing.yaml"),
            "--set=nats.existing.routerUser=chat,nats.existing.dispatcherUser=pushes");

    assertThat(load(RouterSettings.class, own, "StatefulSet", "router").nats().user()).isEqualTo("router");
    assertThat(load(DispatcherSettings.class, own, "Deployment", "dispatcher").nats().user()).isEqualTo("dispatcher");
    assertThat(load(RouterSettings.class, existing, "StatefulSet", "router").nats().user()).isEqualTo("chat");
    assertThat(load(DispatcherSettings.class, existing, "Deployment", "dispatcher").nats().user()).isEqualTo("pushes");
  }

  @Test
  void nobodyIsKilledWhileDraining() throws Exception {
    List<Map<String, Object>> objects = chart.rendered("--set=router.drain.patienceSeconds=600,router.preStopSeconds=7");
    RouterSettings.DrainSettings drain = load(RouterSettings.class, objects, "StatefulSet", "router").drain();
    Duration needed =
        Duration.ofSeconds(7).plus(drain.handOver()).plus(drain.notice()).plus(drain.patience()).plusSeconds(15);

    assertThat(drain.patience()).isEqualTo(Duration.ofMinutes(10));
    assertThat(pod(objects, "StatefulSet", "router")).containsEntry("terminationGracePeriodSeconds", (int) needed.toSeconds());
  }

  @Test
  void noServiceLinkLooksLikeASetting() throws Exception {
    List<Map<String, Object>> objects = chart.rendered();
    for (String deployment : List.of("dispatcher", "gateway", "edge")) {
      assertThat(pod(objects, "Deployment", deployment)).containsEntry("enableServiceLinks", false);
    }
    assertThat(pod(objects, "StatefulSet", "router")).containsEntry("enableServiceLinks", false);
  }

  private static Map<String, Object> pod(List<Map<String, Object>> objects, String kind, String component) {
    return Tree.map(Tree.at(Tree.object(objects, kind, "chat-parley-" + component), "spec", "template", "spec"));
  }

  /** The settings as the process of this pod would read them, with a text for each secret. */
  private static <T extends Record> T load(
      Class<T> type, List<Map<String, Object>> objects, String kind, String component) {
    Map<String, String> environment = new TreeMap<>();
    for (Map<String, Object> entry : Tree.maps(Tree.at(pod(objects, kind, component), "containers", "0", "env"))) {
      boolean own = Tree.at(entry, "valueFrom", "fieldRef") != null;
      String value = own ? "chat-parley-" + component + "-0" : String.valueOf(entry.getOrDefault("value", "whsec_c2VjcmV0"));
      for (Map.Entry<String, String> known : environment.entrySet()) {
        value = value.replace("$(" + known.getKey() + ")", known.getValue());
      }
      environment.put(String.valueOf(entry.get("name")), value);
    }
    return Settings.load(type, environment, List.of());
  }
}
