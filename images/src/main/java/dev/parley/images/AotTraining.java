package dev.parley.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Starts each process once from its own image and keeps the classes that it loaded, read and linked, as the JDK's AOT
 * cache. The JVM takes a cache only together with the runtime and the jars that it was made with, by path, size and time:
 * so it is made from the files of the image, at the paths of the image.
 */
final class AotTraining {
  /** In the order in which they need each other. */
  private static final List<Image> PROCESSES = List.of(Image.PRESENCE, Image.ROUTER, Image.DISPATCHER, Image.GATEWAY);

  private final Path work;

  /** With a directory of its own. */
  AotTraining(Path work) {
    this.work = work;
  }

  /**
   * Makes the caches for these tarballs, in which there is none yet. Takes some ten seconds.
   *
   * @throws ImageException if this machine cannot start containers, or a process does not start
   */
  Map<Image, Path> run(Map<Image, Path> tarballs) throws IOException {
    Map<Image, ImageRoot> roots = new EnumMap<>(Image.class);
    for (Image image : PROCESSES) {
      Path tarball = tarballs.get(image);
      if (tarball != null) {
        roots.put(image, ImageRoot.unpack(tarball, work.resolve(image.imageName())));
      }
    }
    Map<Image, Path> caches = new EnumMap<>(Image.class);
    try (ImageStack stack = new ImageStack(roots, work.resolve("stack"))) {
      for (Image image : PROCESSES) {
        stack.start(image, List.of("-XX:AOTMode=record", "-XX:AOTConfiguration=/tmp/classes.conf"), temporary(image));
      }
      // The last one first: the others still run while one leaves.
      for (Image image : PROCESSES.reversed()) {
        require(stack.container(image).stop() == 0, image, stack);
        caches.put(image, cache(image, stack));
      }
    }
    for (ImageRoot root : roots.values()) {
      ImageRoot.delete(root.directory());
    }
    return caches;
  }

  private Path cache(Image image, ImageStack stack) throws IOException {
    List<String> create =
        List.of("-XX:AOTMode=create", "-XX:AOTConfiguration=/tmp/classes.conf", "-XX:AOTCache=/tmp/classes.aot");
    Path temporary = temporary(image);
    try (Container container = stack.run(image, create, temporary)) {
      require(container.awaitEnd() == 0, image, stack);
    }
    Path file = temporary.resolve("classes.aot");
    require(Files.exists(file), image, stack);
    return file;
  }

  private static void require(boolean condition, Image image, ImageStack stack) {
    if (!condition) {
      throw new ImageException(image.imageName() + " left no cache of its classes; its log says: " + stack.log(image));
    }
  }

  /** A directory that the user of the image may write to. */
  private Path temporary(Image image) throws IOException {
    Path directory = Files.createDirectories(work.resolve("tmp").resolve(image.imageName()));
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    return directory;
  }
}
