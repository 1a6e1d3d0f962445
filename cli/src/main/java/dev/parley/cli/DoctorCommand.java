package dev.parley.cli;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.cli.doctor.Cluster;
import dev.parley.cli.doctor.ClusterChecks;
import dev.parley.cli.doctor.Finding;
import dev.parley.cli.doctor.MachineChecks;
import dev.parley.cli.doctor.RemoteChecks;
import dev.parley.cli.doctor.StackChecks;
import dev.parley.cli.stack.LinkSecret;
import dev.parley.cli.stack.StackState;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code parley doctor}: looks at each part, says what is wrong and what to do. */
@Command(
    name = "doctor",
    description = {
      "Checks the machine and each part, and says what is wrong and what to do.",
      "It shows who owns which shard, and who follows.",
      "With --address it looks at another installation through its edge: two users talk, and one of them comes back.",
      "With an operator's token too it also looks at the routers there: shards, versions, durability, clocks."
    },
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
  private static final int TRIES = 4;
  private static final Duration PAUSE = Duration.ofMillis(500);

  @Mixin private DataDirectory data = new DataDirectory();

  @Option(names = "--address", paramLabel = "HOST:PORT",
      description = "The edge of another installation. Default: what `parley up` has started here.")
  private @Nullable String address;

  @Option(names = "--ca", paramLabel = "FILE",
      description = "With --address: certificates to trust, in PEM. Default: those of the JDK.")
  private @Nullable Path caFile;

  @Option(names = "--token", paramLabel = "JWT",
      description = "With --address: of a user. Default: the environment variable PARLEY_TOKEN.")
  private @Nullable String token;

  @Option(names = "--other-token", paramLabel = "JWT",
      description = "With --address: of another user. Default: the environment variable PARLEY_OTHER_TOKEN.")
  private @Nullable String otherToken;

  @Option(names = "--operator-token", paramLabel = "JWT",
      description = "With --address: of an operator, who may see the routers, their shards and clocks. Default: the "
          + "environment variable PARLEY_OPERATOR_TOKEN.")
  private @Nullable String operatorToken;

  @Option(names = "--json", description = "Print one JSON object instead of text.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (address != null) {
      return tell(
          new RemoteChecks(
                  address,
                  caFile,
                  tokenOf(token, "--token", "PARLEY_TOKEN"),
                  tokenOf(otherToken, "--other-token", "PARLEY_OTHER_TOKEN"),
                  given(operatorToken, "PARLEY_OPERATOR_TOKEN"))
              .run(),
          Optional.empty());
    }
    List<Finding> findings = new ArrayList<>(MachineChecks.run());
    Optional<StackState> state = StackState.read(data.path());
    Optional<Cluster> cluster = Optional.empty();
    if (state.isPresent()) {
      findings.addAll(new StackChecks(state.get(), data.path()).run());
      Cluster routers = settled(state.get());
      findings.addAll(new ClusterChecks(routers).run());
      cluster = Optional.of(routers);
    } else {
      findings.add(Finding.bad("up", "nothing runs from " + data.path(), "start it with ./parley up"));
    }
    return tell(findings, cluster);
  }

  private static String tokenOf(@Nullable String given, String option, String variable) {
    String token = given(given, variable);
    if (token == null) {
      throw new CommandFailure("two users are to talk: name their tokens with " + option + " or in " + variable);
    }
    return token;
  }

  private static @Nullable String given(@Nullable String option, String variable) {
    String token = option == null ? System.getenv(variable) : option;
    return token == null || token.isBlank() ? null : token.strip();
  }

  private int tell(List<Finding> findings, Optional<Cluster> cluster) {
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
