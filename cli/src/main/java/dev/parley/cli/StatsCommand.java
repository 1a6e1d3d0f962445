package dev.parley.cli;

import dev.parley.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import dev.parley.v1.GetStatsRequest;
import dev.parley.v1.GetStatsResponse;
import dev.parley.v1.RouterStats;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;

/** {@code parley stats}: what all routers are doing now. */
@Command(
    name = "stats",
    mixinStandardHelpOptions = true,
    description = "Says what all routers are doing: sessions, shards, versions, clocks. For operators.")
final class StatsCommand extends OperatorCommand<GetStatsResponse> {
  private static final String LINE = "%-16s %-16s %-20s %9s %7s %-10s %s";

  @Override
  GetStatsResponse ask(AdminServiceBlockingStub admin) {
    return admin.getStats(GetStatsRequest.getDefaultInstance());
  }

  @Override
  String text(GetStatsResponse answer) {
    List<String> lines = new ArrayList<>();
    lines.add(line("ROUTER", "VERSION", "SINCE", "SESSIONS", "SHARDS", "DURABILITY", "CLOCK"));
    for (RouterStats router : answer.getRoutersList()) {
      lines.add(
          line(
                  router.getRouter(),
                  router.getVersion(),
                  seconds(router.getStartTime()),
                  Integer.toString(router.getSessions()),
                  Integer.toString(router.getOwnedShardsCount()),
                  router.getDurability().name().substring("DURABILITY_".length()).toLowerCase(Locale.ROOT),
                  seconds(router.getTime()))
              + (router.getDraining() ? "  it is leaving" : ""));
    }
    answer.getSilentRoutersList().forEach(silent -> lines.add(silent + " does not answer"));
    return String.join(System.lineSeparator(), lines);
  }

  private static String line(Object... columns) {
    return String.format(Locale.ROOT, LINE, columns);
  }

  private static String seconds(com.google.protobuf.Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds(), time.getNanos()).truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
