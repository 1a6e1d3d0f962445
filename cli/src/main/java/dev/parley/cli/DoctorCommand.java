package dev.parley.cli;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.cli.doctor.Cluster;
import dev.parley.cli.doctor.ClusterChecks;
import dev.parley.cli.doctor.Finding;
import dev.parley.cli.doctor.MachineChecks;
import dev.parley.cli.doctor.StackChecks;
import dev.parley.cli.stack.LinkSecret;
import dev.parley.cli.stack.StackState;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code parley doctor}: looks at each part, says what is wrong and what to do. */
@Command(
    name = "doctor",
    description = {
      "Checks the machine and each part, and says what is wrong and what to do.",
      "It shows who owns which shard, and who follows."
    },
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
  private static final int TRIES = 4;
  private static final Duration PAUSE = Duration.ofMillis(500);

  @Mixin private DataDirectory data = new DataDirectory();

  @Option(names = "--json", description = "Print one JSON object instead of text.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    List<Finding> findings = new ArrayList<>(MachineChecks.run());
    Optional<StackState> state = StackState.read(data.path());
    Optional<Cluster> cluster = Optional.empty();
    if (state.isPresent()) {
      findings.addAll(new StackChecks(state.get(), data.path()).run());
      Cluster routers = settled(state.get());
      findings.addAll(new ClusterChecks(routers).run());
      cluster = Optional.of(routers);
    } else {
      findings.add(new Finding("up", false, "nothing runs from " + data.path(), "start it with ./parley up"));
    }
    boolean good = findings.stream().allMatch(Finding::good);
    if (json) {
      List<Map<String, Object>> checks = findings.stream().map(Finding::toMap).toList();
      Map<String, Object> map = new LinkedHashMap<>(Map.of("ok", good, "checks", checks));
      cluster.ifPresent(routers -> map.put("cluster", routers.toMap()));
      System.out.println(JSONObjectUtils.toJSONString(map));
    } else {
      findings.forEach(finding -> System.out.println(finding.line()));
      cluster.ifPresent(routers -> System.out.print("\n" + routers.table()));
    }
    return good ? 0 : 1;
  }

  /** What the routers say when nothing is wrong, or when it stays so: a shard that moves just now is no finding. */
  private Cluster settled(StackState state) throws IOException, InterruptedException {
    String secret = LinkSecret.read(data.path());
    Cluster cluster = Cluster.ask(state.links(), secret);
    for (int more = TRIES; more > 0 && !new ClusterChecks(cluster).run().stream().allMatch(Finding::good); more--) {
      Thread.sleep(PAUSE);
      cluster = Cluster.ask(state.links(), secret);
    }
    return cluster;
  }
}
