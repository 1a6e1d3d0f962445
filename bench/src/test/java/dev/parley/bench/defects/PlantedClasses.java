package dev.parley.bench.defects;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;

/**
 * A second life of the project's classes in which some are others. All of them live here, the unchanged too, since
 * classes of one package see each other's inner parts only if one loader has defined them; but for the generated ones,
 * which know of no others.
 */
final class PlantedClasses extends ClassLoader {
  private static final String PROJECT = "dev.parley.";
  private static final String CONTRACT = "dev.parley.v1.";
  private static final String INTERNAL_CONTRACT = "dev.parley.internal.";

  private final Map<String, byte[]> changed;

  /** {@code changed}: classes by name. */
  PlantedClasses(Map<String, byte[]> changed) {
    super(PlantedClasses.class.getClassLoader());
    this.changed = changed;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(PROJECT) || name.startsWith(CONTRACT) || name.startsWith(INTERNAL_CONTRACT)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> known = findLoadedClass(name);
      return known == null ? findClass(name) : known;
    }
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    byte[] bytes = changed.containsKey(name) ? changed.get(name) : unchanged(name);
    return defineClass(name, bytes, 0, bytes.length);
  }

  private byte[] unchanged(String name) throws ClassNotFoundException {
    try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
