package dev.parley.bench.defects;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.List;

/** The simulation over classes that were planted. */
final class PlantedSimulation {
  private static final int STEPS = 1_000;

  private final Constructor<?> constructor;
  private final Method run;

  PlantedSimulation(ClassLoader classes) throws ReflectiveOperationException {
    Class<?> simulation = classes.loadClass("dev.parley.bench.simulation.Simulation");
    constructor = simulation.getDeclaredConstructor(long.class);
    constructor.setAccessible(true);
    run = simulation.getDeclaredMethod("run", int.class);
    run.setAccessible(true);
  }

  /** What it finds with this seed, each finding begun by its kind. */
  @SuppressWarnings("unchecked")
  List<String> findings(long seed) throws ReflectiveOperationException {
    try {
      return (List<String>) run.invoke(constructor.newInstance(seed), STEPS);
    } catch (InvocationTargetException e) {
      throw new AssertionError("the simulation failed with seed " + seed, e.getCause());
    }
  }
}
