package dev.parley.cli.stack;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the programs of a stack tell of themselves, as arguments of each: the same whether {@code up} starts it or somebody
 * starts it again.
 *
 * @param metrics whether they count what happens
 * @param collector where spans go, of all that is said; null: nowhere
 */
record Watched(boolean metrics, @Nullable String collector) {
  /** As the programs of this stack were started. */
  static Watched of(StackState state) {
    return new Watched(state.metrics(), state.observe().get(Observers.SPANS));
  }

  List<String> presence() {
    return counted("presence");
  }

  List<String> router() {
    return beginning("router", counted("router"));
  }

  List<String> dispatcher() {
    return followed("dispatcher", counted("dispatcher"));
  }

  List<String> gateway() {
    return followed("gateway", counted("gateway"));
  }

  List<String> edge() {
    return beginning("edge", List.of());
  }

  private List<String> counted(String program) {
    return metrics ? List.of() : List.of("--parley." + program + ".metrics.scrape=false");
  }

  private List<String> followed(String program, List<String> others) {
    List<String> arguments = new ArrayList<>(others);
    if (collector != null) {
      arguments.add("--parley." + program + ".trace.endpoint=" + collector);
    }
    return arguments;
  }

  /** Of a program with which traces begin. */
  private List<String> beginning(String program, List<String> others) {
    List<String> arguments = followed(program, others);
    if (collector != null) {
      arguments.add("--parley." + program + ".trace.ratio=1");
    }
    return arguments;
  }
}
