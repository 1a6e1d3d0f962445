package dev.parley.cli.doctor;

import dev.parley.conversation.log.Layout;
import dev.parley.v1.GetStatsResponse;
import dev.parley.v1.RouterStats;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Whether the routers, as AdminService tells of them, do their work together: shards, versions, clocks. */
final class StatsChecks {
  /** Above it tokens seem to end early or late, and the times of messages jump. */
  private static final Duration MOST_SKEW = Duration.ofSeconds(1);

  private static final String AGAIN = "right after a router came or left this may be so for some seconds: look again";

  private final GetStatsResponse stats;
  private final Instant asked;
  private final Instant answered;

  /**
   * Of this answer.
   *
   * @param asked when it was asked for, by the clock of this machine
   * @param answered when it came
   */
  StatsChecks(GetStatsResponse stats, Instant asked, Instant answered) {
    this.stats = stats;
    this.asked = asked;
    this.answered = answered;
  }

  /** All of them. A check that is well is one finding; of what is not, each is. */
  List<Finding> run() {
    List<Finding> findings = new ArrayList<>();
    routers(findings);
    owners(findings);
    alike(
        findings,
        "durability",
        router -> word(router.getDurability().name()),
        "give all routers the same settings and the same broker");
    alike(findings, "version", RouterStats::getVersion, "complete the upgrade, if none is under way");
    clocks(findings);
    return findings;
  }

  private static String word(String durability) {
    return durability.replaceFirst("^DURABILITY_", "").toLowerCase(Locale.ROOT);
  }

  private void routers(List<Finding> findings) {
    stats
        .getSilentRoutersList()
        .forEach(
            silent ->
                findings.add(
                    Finding.bad(
                        "routers",
                        silent + " is registered and does not answer",
                        "see whether it runs and reaches the broker; then read its log")));
    if (stats.getSilentRoutersCount() == 0 && stats.getRoutersCount() == 0) {
      findings.add(Finding.bad("routers", "none has answered", "start one"));
    } else if (stats.getSilentRoutersCount() == 0) {
      findings.add(
          Finding.good("routers", stats.getRoutersList().stream().map(this::line).collect(Collectors.joining("; "))));
    }
  }

  private String line(RouterStats router) {
    return router.getRouter()
        + " has "
        + router.getOwnedShardsCount()
        + " shards and "
        + router.getSessions()
        + " sessions"
        + (router.getDraining() ? " and is draining" : "");
  }

  private void owners(List<Finding> findings) {
    Map<Integer, List<String>> owners = new TreeMap<>();
    for (int shard = 0; shard < Math.min(stats.getShards(), Layout.MOST_SHARDS); shard++) {
      owners.put(shard, new ArrayList<>());
    }
    for (RouterStats router : stats.getRoutersList()) {
      router
          .getOwnedShardsList()
          .forEach(shard -> owners.computeIfAbsent(shard, unknown -> new ArrayList<>()).add(router.getRouter()));
    }
    List<Finding> bad = new ArrayList<>();
    owners.forEach(
        (shard, names) -> {
          if (names.isEmpty()) {
            bad.add(
                Finding.bad(
                    "owner", "no router that answers owns shard " + shard, "read the logs of the routers; " + AGAIN));
          } else if (names.size() > 1) {
            bad.add(
                Finding.bad(
                    "owner",
                    "shard " + shard + " is called their own by " + String.join(" and ", names),
                    "the broker lets only one of them write; " + AGAIN));
          }
        });
    findings.addAll(bad);
    if (bad.isEmpty()) {
      findings.add(Finding.good("owner", owners.size() + " shards, each with one"));
    }
  }

  private void alike(List<Finding> findings, String check, Function<RouterStats, String> property, String remedy) {
    Map<String, List<String>> byValue =
        stats.getRoutersList().stream()
            .collect(
                Collectors.groupingBy(
                    property, TreeMap::new, Collectors.mapping(RouterStats::getRouter, Collectors.toList())));
    String values =
        byValue.entrySet().stream()
            .map(each -> each.getKey() + " at " + String.join(", ", each.getValue()))
            .collect(Collectors.joining("; "));
    findings.add(
        byValue.size() <= 1 ? Finding.good(check, values) : Finding.bad(check, "differs: " + values, remedy));
  }

  /** A router has read its clock between the question and the answer: only what lies outside is certain to differ. */
  private void clocks(List<Finding> findings) {
    Map<String, Duration> ahead = new TreeMap<>();
    for (RouterStats router : stats.getRoutersList()) {
      Instant time = Instant.ofEpochSecond(router.getTime().getSeconds(), router.getTime().getNanos());
      Duration before = Duration.between(asked, time);
      Duration behind = Duration.between(answered, time);
      ahead.put(
          router.getRouter(), before.isNegative() ? before : behind.isPositive() ? behind : Duration.ZERO);
    }
    List<Finding> bad = new ArrayList<>();
    ahead.forEach(
        (router, difference) -> {
          if (difference.abs().compareTo(MOST_SKEW) > 0) {
            bad.add(
                Finding.bad(
                    "clock",
                    router + " is " + seconds(difference.abs()) + (difference.isNegative() ? " behind" : " ahead of")
                        + " this machine",
                    "one of the two clocks is wrong: see whether both follow NTP (timedatectl, chronyc tracking)"));
          }
        });
    findings.addAll(bad);
    if (bad.isEmpty()) {
      findings.add(
          Finding.good(
              "clock",
              "those of the routers differ from this machine's by at most "
                  + seconds(MOST_SKEW.plus(Duration.between(asked, answered)))));
    }
  }

  private static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1e3);
  }
}
