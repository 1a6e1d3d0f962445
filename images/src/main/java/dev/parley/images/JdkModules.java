package dev.parley.images;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/**
 * Which modules of the JDK a class path needs: those whose classes it names, and those that are found by name only.
 *
 * <p>The JDK's own tool for this, jdeps, gives up on a class path of which some jars are modules and some are not.
 */
final class JdkModules {
  /** What no class file of ours names. */
  private static final List<String> BY_NAME =
      List.of(
          // Elliptic curves, where they are not yet in java.base.
          "jdk.crypto.ec",
          // The processors and the memory that the container may use, and what the garbage collector did.
          "jdk.management",
          // The admin interface.
          "jdk.httpserver",
          // Recordings of a process that is slow, and the dump of threads that runbooks ask for.
          "jdk.jfr",
          "jdk.jcmd",
          // Jars opened as file systems.
          "jdk.zipfs");

  /** What jars name for uses that no process here has. */
  private static final Set<String> LEFT_OUT =
      Set.of(
          // Bean editors of libraries that can also be configured by XML.
          "java.desktop",
          // Annotations for compilers.
          "java.compiler",
          "jdk.compiler",
          // Kerberos by an HTTP client that is never asked for it.
          "java.security.jgss");

  private final Map<String, String> modulesByPackage = new HashMap<>();
  private final Set<String> system = new TreeSet<>();

  JdkModules() {
    for (ModuleReference module : ModuleFinder.ofSystem().findAll()) {
      system.add(module.descriptor().name());
      module.descriptor().packages().forEach(name -> modulesByPackage.put(name, module.descriptor().name()));
    }
  }

  /** What these jars together need, sorted. */
  Set<String> neededBy(Collection<Jar> jars) throws IOException {
    Set<String> needed = new TreeSet<>(BY_NAME);
    for (Jar jar : jars) {
      try (JarFile file = new JarFile(jar.file().toFile(), false)) {
        for (JarEntry entry : (Iterable<JarEntry>) file.stream()::iterator) {
          if (isClass(entry.getName())) {
            try (InputStream in = file.getInputStream(entry)) {
              addModulesOf(in.readAllBytes(), needed);
            }
          }
        }
      }
    }
    needed.removeAll(LEFT_OUT);
    needed.retainAll(system);
    return needed;
  }

  private static boolean isClass(String name) {
    return name.endsWith(".class") && !name.endsWith("module-info.class") && !name.startsWith("META-INF/");
  }

  private void addModulesOf(byte[] classFile, Set<String> to) {
    for (PoolEntry entry : ClassFile.of().parse(classFile).constantPool()) {
      if (entry instanceof ClassEntry named) {
        String name = named.asInternalName();
        int end = name.lastIndexOf('/');
        String module = end < 0 ? null : modulesByPackage.get(name.substring(0, end).replace('/', '.'));
        if (module != null) {
          to.add(module);
        }
      }
    }
  }
}
