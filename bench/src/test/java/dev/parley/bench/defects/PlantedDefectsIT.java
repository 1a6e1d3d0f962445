package dev.parley.bench.defects;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** What the simulation is worth: it finds mistakes that somebody could make, and calls them by their names. */
class PlantedDefectsIT {
  static final List<Defect> DEFECTS = Defects.ALL;

  static final List<Defect> SEEN_BY_SHADOW = List.copyOf(Defects.SHADOW_KINDS.keySet());

  private static final int SEEDS = 20;
  private static final int SEEDS_OF_SHADOW = 200;

  private final Planter planter = Planter.ofReactor();

  @ParameterizedTest(name = "{0}")
  @FieldSource("DEFECTS")
  void aPlantedDefectIsFoundAndNamed(Defect defect) throws Exception {
    PlantedSimulation simulation = new PlantedSimulation(planter.plant(defect.changes()));
    for (long seed = 1; seed <= defect.seeds(); seed++) {
      List<String> findings = simulation.findings(seed);
      if (!findings.isEmpty()) {
        assertThat(kind(findings.getFirst())).as("seed " + seed + ": " + findings).isIn(defect.kinds());
        return;
      }
    }
    throw new AssertionError(defect + " was not found within " + defect.seeds() + " seeds");
  }

  /** Where a router's own comparison with the log names what it does wrong, without a checker that sees everything. */
  @ParameterizedTest(name = "{0}")
  @FieldSource("SEEN_BY_SHADOW")
  void shadowVerificationNamesIt(Defect defect) throws Exception {
    PlantedSimulation simulation = new PlantedSimulation(planter.plant(defect.changes()));
    List<String> expected = Objects.requireNonNull(Defects.SHADOW_KINDS.get(defect));
    Set<String> kinds = new HashSet<>();
    for (long seed = 1; seed <= SEEDS_OF_SHADOW && !kinds.contains(expected.getFirst()); seed++) {
      for (String finding : simulation.findings(seed)) {
        if (kind(finding).startsWith("SHADOW_")) {
          kinds.add(kind(finding));
        }
      }
    }
    assertThat(kinds).contains(expected.getFirst()).isSubsetOf(expected);
  }

  /** What was found is the defects' doing, not that of how they are planted. */
  @Test
  void whereNothingIsPlantedNothingIsFound() throws Exception {
    PlantedSimulation simulation = new PlantedSimulation(planter.plant(List.of(Defects.HARMLESS)));
    for (long seed = 1; seed <= SEEDS; seed++) {
      assertThat(simulation.findings(seed)).as("seed " + seed).isEmpty();
    }
  }

  private static String kind(String finding) {
    return finding.substring(0, finding.indexOf(' '));
  }
}
