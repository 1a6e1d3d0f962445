package dev.parley.images;

import dev.parley.chassis.config.Setting;
import dev.parley.chassis.config.SettingsPrefix;
import java.nio.file.Path;
import java.time.Instant;

/** How images are built. */
@SettingsPrefix("parley.images")
public record ImagesSettings(
    @Setting(doc = "The version: the tag of all images.")
    String version,
    @Setting(doc = "When the images say that they were made, as 2026-01-01T00:00:00Z: the same in each build.")
    String created,
    @Setting(doc = "The directory for the tarballs, and for what is needed on the way.")
    Path output,
    @Setting(value = "", doc = "An image with a C library and authorities, to build upon; none: those of this machine.")
    String base,
    @Setting(value = "", doc = "Registry and prefix to push to, as registry.example.org/chat; none: tarballs only.")
    String push,
    @Setting(value = "true", doc = "Whether each process is started once here, to keep its classes loaded and linked.")
    boolean aot) {
  /** When the images say that they were made. */
  Instant creation() {
    return Instant.parse(created);
  }
}
