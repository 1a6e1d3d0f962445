package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.cli.Observability.Panel;
import dev.parley.cli.Observability.Rule;
import dev.parley.parts.Parts;
import dev.parley.v1.ErrorReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Holds rules, dashboards, runbooks and the pages about them against each other, and against what the programs tell. What the
 * rules do with numbers is {@code observability/test}'s to prove.
 */
class ObservabilityTest {
  /** Of each metric Prometheus' name and its unit; {@code MetricsPageIT} keeps the page true to the programs. */
  private static final Pattern METRIC = Pattern.compile("(?m)^\\| `[a-z_.]+` \\| `([a-z_]+)` \\| ([a-z]*)");

  /** What the edge tells, which is Envoy; {@code EdgeCertificateIT} has it from there. */
  private static final Pattern OF_ENVOY = Pattern.compile("(?m)^\\| `(envoy_[a-z_]+)` \\|");

  private static final Set<String> PROMETHEUS_OWN = Set.of("up", "ALERTS");
  private static final Pattern WINDOW = Pattern.compile("(?:ratio_rate|increase)(\\d+[mhd])");
  private static final Pattern FAILURES = Pattern.compile("outcome=~\"(?:ok\\|)?([A-Z_|]+)\"");
  /** As runbooks name a panel: {@code *router: Hops*}. */
  private static final Pattern PANEL = Pattern.compile("\\*([a-z]+):\\s+([A-Z][^*]*)\\*");

  /** Refusals that a client brought upon itself, or that no command is answered with. */
  private static final Set<String> NOT_OURS =
      Set.of(
          "UNSPECIFIED", "INVALID_FIELD", "TOO_LARGE", "MALFORMED", "UNKNOWN_FRAME", "PROTOCOL_VIOLATION",
          "TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED", "TOKEN_REVOKED", "OPERATOR_ONLY",
          "CONVERSATION_NOT_FOUND", "NOT_A_MEMBER", "ROLE_NOT_ALLOWED", "USER_BLOCKED", "EVENT_NOT_FOUND",
          "EVENT_NOT_EDITABLE", "CONVERSATION_EXISTS", "MEMBER_NOT_FOUND", "WRONG_KIND", "LAST_OWNER",
          "NOT_FOUND", "TARGET_NOT_ALLOWED", "MODERATED",
          "CLIENT_EVENT_ID_CONFLICT", "CLIENT_EVENT_ID_TOO_OLD", "CLIENT_EVENT_ID_IN_FUTURE",
          "LIMIT_EXCEEDED", "RATE_LIMITED", "DISPLACED", "HEARTBEAT_MISSED");

  private final Path home = Parts.findHome();
  private Observability observed = new Observability(List.of(), Map.of());

  @BeforeEach
  void read() throws IOException {
    observed = Observability.of(home);
  }

  @Test
  void queriesNameOnlyMetricsThatAreMade() throws IOException {
    Set<String> made = new TreeSet<>(PROMETHEUS_OWN);
    String page = Files.readString(home.resolve("docs/telemetry.md"));
    OF_ENVOY.matcher(page).results().forEach(row -> made.add(row.group(1)));
    Matcher rows = METRIC.matcher(page);
    while (rows.find()) {
      String name = rows.group(1);
      boolean histogram = !name.endsWith("_total") && Set.of("s", "events").contains(rows.group(2));
      (histogram ? Stream.of("_bucket", "_sum", "_count") : Stream.of("")).forEach(ending -> made.add(name + ending));
    }
    observed.rules().stream().map(Rule::record).filter(Objects::nonNull).forEach(made::add);

    assertThat(observed.queries())
        .isNotEmpty()
        .allSatisfy(query -> assertThat(new PromQl(query).metrics()).as(query).isNotEmpty().isSubsetOf(made));
  }

  @Test
  void whatARuleRecordsIsOfTheWindowInItsName() {
    List<Rule> recorded = observed.rules().stream().filter(rule -> rule.record() != null).toList();

    assertThat(recorded)
        .isNotEmpty()
        .allSatisfy(
            rule -> {
              Matcher window = WINDOW.matcher(Objects.requireNonNull(rule.record()));
              assertThat(window.find()).as(rule.record()).isTrue();
              assertThat(new PromQl(rule.query()).ranges()).as(rule.record()).containsExactly(window.group(1));
            });
  }

  @Test
  void eachAlertHasItsRunbookAndEachRunbookItsAlert() throws IOException {
    assertThat(observed.alerts())
        .allSatisfy(
            alert -> {
              assertThat(alert.labels().get("severity")).as(alert.alert()).isIn("page", "ticket");
              assertThat(alert.annotations())
                  .as(alert.alert())
                  .containsOnlyKeys("summary", "description", "runbook")
                  .containsEntry("runbook", "docs/runbooks/" + alert.alert() + ".md");
            });

    Map<String, String> runbooks = runbooks();
    assertThat(runbooks.keySet())
        .isEqualTo(observed.alerts().stream().map(Rule::alert).collect(Collectors.toCollection(TreeSet::new)));
    assertThat(runbooks)
        .allSatisfy(
            (alert, text) ->
                assertThat(text).startsWith("# " + alert + "\n").contains("**What users notice.**", "**Do", "**Do not**"));
  }

  @Test
  void runbooksNamePanelsThatExistAndThereAreNoOthers() throws IOException {
    Set<String> named =
        PANEL.matcher(String.join("\n", runbooks().values()))
            .results()
            .map(panel -> panel.group(1) + ": " + panel.group(2).replaceAll("\\s+", " "))
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> shown =
        observed.dashboards().entrySet().stream()
            .flatMap(each -> each.getValue().stream().map(panel -> each.getKey() + ": " + panel.title()))
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(shown).isNotEmpty();
    assertThat(named).isEqualTo(shown);
  }

  @Test
  void dashboardsAskThePrometheusThatTheirReaderChose() {
    assertThat(observed.dashboards().values())
        .allSatisfy(
            panels -> {
              assertThat(panels).extracting(Panel::id).doesNotHaveDuplicates();
              assertThat(panels).extracting(Panel::datasource).containsOnly("${datasource}");
            });
  }

  @Test
  void eachReasonIsOursOrTheClients() throws IOException {
    List<String> lists =
        observed.queries().stream()
            .flatMap(query -> FAILURES.matcher(query).results())
            .map(list -> list.group(1))
            .distinct()
            .toList();
    Set<String> reasons =
        Arrays.stream(ErrorReason.values())
            .filter(reason -> reason != ErrorReason.UNRECOGNIZED)
            .map(reason -> reason.name().substring("ERROR_REASON_".length()))
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(lists).as("the same everywhere").hasSize(1);
    Set<String> ours = new TreeSet<>(Arrays.asList(lists.getFirst().split("\\|", -1)));
    assertThat(reasons).containsAll(ours);
    assertThat(ours).doesNotContainAnyElementsOf(NOT_OURS);
    reasons.removeAll(ours);
    assertThat(NOT_OURS).as("decide whose fault a new reason is").containsAll(reasons);
    for (String page : List.of("docs/objectives.md", "docs/runbooks/ParleyFailedSends.md")) {
      assertThat(inCode(Files.readString(home.resolve(page)))).as(page).containsAll(ours);
    }
  }

  private static Set<String> inCode(String page) {
    return Pattern.compile("`([A-Z_]+)`").matcher(page).results().map((MatchResult each) -> each.group(1)).collect(Collectors.toSet());
  }

  /** The text of each, by the name of its alert. */
  private Map<String, String> runbooks() throws IOException {
    Map<String, String> runbooks = new TreeMap<>();
    try (Stream<Path> files = Files.list(home.resolve("docs/runbooks"))) {
      for (Path file : files.toList()) {
        String name = file.toFile().getName();
        if (!name.equals("README.md")) {
          runbooks.put(name.replace(".md", ""), Files.readString(file));
        }
      }
    }
    return runbooks;
  }
}
