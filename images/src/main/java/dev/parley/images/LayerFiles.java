package dev.parley.images;

import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * One layer, while it is filled. All is owned by root, which the process is not, and carries the same time in each
 * build. Not thread-safe.
 */
final class LayerFiles {
  private static final FilePermissions READABLE = FilePermissions.fromOctalString("644");
  private static final FilePermissions EXECUTABLE = FilePermissions.fromOctalString("755");
  private static final FilePermissions FOR_ALL = FilePermissions.fromOctalString("777");

  private final FileEntriesLayer.Builder layer = FileEntriesLayer.builder();

  LayerFiles(String name) {
    layer.setName(name);
  }

  /** A file, executable if it is so here. */
  LayerFiles file(Path source, String place) {
    layer.addEntry(source, AbsoluteUnixPath.get(place), Files.isExecutable(source) ? EXECUTABLE : READABLE);
    return this;
  }

  /** All files of a directory. */
  LayerFiles tree(Path source, String place) throws IOException {
    try (Stream<Path> files = Files.walk(source)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile).sorted()::iterator) {
        file(file, place + "/" + source.relativize(file));
      }
    }
    return this;
  }

  /** Empty directories. */
  LayerFiles directories(Path anyDirectory, List<String> places) {
    places.forEach(place -> layer.addEntry(anyDirectory, AbsoluteUnixPath.get(place), EXECUTABLE));
    return this;
  }

  /** An empty directory that everybody may write to. */
  LayerFiles writableDirectory(Path anyDirectory, String place) {
    layer.addEntry(anyDirectory, AbsoluteUnixPath.get(place), FOR_ALL);
    return this;
  }

  FileEntriesLayer build() {
    return layer.build();
  }
}
