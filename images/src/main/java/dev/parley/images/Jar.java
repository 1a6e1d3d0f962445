package dev.parley.images;

import java.nio.file.Path;

/** A jar of a class path, by its file. */
record Jar(Path file) {
  String name() {
    return String.valueOf(file.getFileName());
  }

  /** Its name without version and suffix. */
  String artifact() {
    return name().replaceFirst("-\\d.*$", "");
  }

  /** Whether it is one of Parley's own, which change with each build. */
  boolean isOurs() {
    return name().startsWith("parley-");
  }

  /** Where it lies in the image. */
  String placeInImage() {
    return Image.JARS + "/" + name();
  }
}
