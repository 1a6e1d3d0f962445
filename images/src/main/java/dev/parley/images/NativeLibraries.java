package dev.parley.images;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/**
 * Native libraries that jars carry. In an image they lie where the JVM looks first: unpacked into /tmp by netty they
 * could not be used where nothing in /tmp may be executed.
 */
final class NativeLibraries {
  /** A directory that is on java.library.path by default. */
  static final String PLACE = "/usr/lib";

  private static final String IN_JAR = "META-INF/native/";

  private NativeLibraries() {}

  /** Unpacks those for this machine from all jars of a class path into a directory. */
  static void unpack(List<Jar> jars, Path directory) throws IOException {
    Files.createDirectories(directory);
    for (Jar jar : jars) {
      try (JarFile file = new JarFile(jar.file().toFile(), false)) {
        for (JarEntry entry : (Iterable<JarEntry>) file.stream()::iterator) {
          if (entry.getName().startsWith(IN_JAR) && entry.getName().endsWith("_" + ClassPath.nettyArchitecture() + ".so")) {
            try (InputStream in = file.getInputStream(entry)) {
              Files.copy(in, directory.resolve(entry.getName().substring(IN_JAR.length())));
            }
          }
        }
      }
    }
  }
}
