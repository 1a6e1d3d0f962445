package dev.parley.cli.doctor;

import dev.parley.internal.v1.GetStatusResponse;
import dev.parley.internal.v1.OwnedShardStatus;
import dev.parley.internal.v1.RouterStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Whether the routers agree with each other, and each shard has its one owner and room. */
public final class ClusterChecks {
  private static final int FULL_PERCENT = 90;
  private static final String AGAIN = "right after a router came or left this may be so for some seconds: look again";

  private final Cluster cluster;

  /** For what these routers say. */
  public ClusterChecks(Cluster cluster) {
    this.cluster = cluster;
  }

  /** All of them. A check that is well is one finding; of what is not, each is. */
  public List<Finding> run() {
    List<Finding> findings = new ArrayList<>();
    cluster.silent().forEach((name, why) -> findings.add(
        Finding.bad("link", name + " does not answer at " + why, "see whether it runs; then read its log")));
    views(findings);
    links(findings);
    owners(findings);
    logs(findings);
    return findings;
  }

  private void views(List<Finding> findings) {
    Map<Long, List<String>> byView = new TreeMap<>();
    cluster.answers().forEach(
        (name, answer) -> byView.computeIfAbsent(answer.getView(), view -> new ArrayList<>()).add(name));
    if (byView.size() <= 1) {
      byView.forEach((view, names) -> findings.add(
          Finding.good("view", view + " at " + String.join(", ", names))));
    } else {
      String views = byView.entrySet().stream()
          .map(each -> each.getKey() + " at " + String.join(", ", each.getValue()))
          .collect(Collectors.joining("; "));
      findings.add(
          Finding.bad(
              "view",
              "differs: " + views,
              "who has the lower one does not hear the broker: look at its connection; " + AGAIN));
    }
  }

  private void links(List<Finding> findings) {
    List<Finding> dead = new ArrayList<>();
    cluster.answers().forEach((name, answer) -> {
      for (RouterStatus other : answer.getRoutersList()) {
        if (!other.getLinked() && !other.getRouter().equals(name)) {
          dead.add(
              Finding.bad(
                  "link",
                  name + " is not linked to " + other.getRouter(),
                  "see whether " + other.getLinkAddress() + " can be reached from there and both have the same secret; "
                      + AGAIN));
        }
      }
    });
    findings.addAll(dead);
    if (dead.isEmpty() && cluster.silent().isEmpty()) {
      int routers = cluster.answers().size();
      findings.add(
          Finding.good("link", routers == 1 ? "one router, which needs none" : "all " + routers + " routers are linked"));
    }
  }

  private void owners(List<Finding> findings) {
    List<Finding> bad = new ArrayList<>();
    Map<Integer, Map<String, OwnedShardStatus>> owners = cluster.owners();
    owners.forEach((shard, mine) -> {
      if (mine.size() > 1) {
        String terms = mine.entrySet().stream()
            .map(each -> each.getKey() + " (term " + each.getValue().getTerm().getNumber() + ")")
            .collect(Collectors.joining(" and "));
        bad.add(
            Finding.bad(
                "owner",
                "shard " + shard + " is called their own by " + terms,
                "the broker refuses the lower term, so nothing is lost; if it stays so, end that router (SIGTERM)"));
      } else if (mine.values().stream().noneMatch(OwnedShardStatus::getActive)) {
        bad.add(
            Finding.bad(
                "owner",
                "nobody decides for shard " + shard + (mine.isEmpty() ? named(shard) : waiting(mine)),
                "read the log of that router, and look whether the broker answers; " + AGAIN));
      }
    });
    findings.addAll(bad);
    if (bad.isEmpty() && !owners.isEmpty()) {
      findings.add(Finding.good("owner", owners.size() + " shards, each with one"));
    }
  }

  /** Whom the views name as owner of a shard that nobody calls its own. */
  private String named(int shard) {
    String names = cluster.answers().values().stream()
        .map(GetStatusResponse::getShardsList)
        .flatMap(List::stream)
        .filter(each -> each.getShard() == shard && !each.getOwner().isEmpty())
        .map(each -> each.getOwner())
        .distinct()
        .collect(Collectors.joining(", "));
    return names.isEmpty() ? ", and no view names an owner" : ", which is due to " + names;
  }

  private static String waiting(Map<String, OwnedShardStatus> mine) {
    return ": " + String.join(", ", mine.keySet()) + " has not settled it";
  }

  private void logs(List<Finding> findings) {
    List<Finding> bad = new ArrayList<>();
    int fullest = -1;
    for (Map.Entry<Integer, Map<String, OwnedShardStatus>> shard : cluster.owners().entrySet()) {
      for (OwnedShardStatus status : shard.getValue().values()) {
        int percent = Cluster.percent(status);
        fullest = Math.max(fullest, percent);
        if (percent > FULL_PERCENT) {
          bad.add(
              Finding.bad(
                  "log",
                  "shard " + shard.getKey() + " is " + percent + " % full",
                  "give the stream more room (max_bytes): docs/operations/disk.md says how"));
        }
      }
    }
    findings.addAll(bad);
    if (bad.isEmpty() && fullest >= 0) {
      findings.add(Finding.good("log", "the fullest has " + fullest + " % of its room"));
    }
  }
}
