package dev.parley.images;

import dev.parley.chassis.config.Settings;
import dev.parley.chassis.config.SettingsException;
import dev.parley.chassis.config.SettingsReference;
import dev.parley.parts.PartException;
import dev.parley.parts.Parts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Builds all images; Maven starts it. */
public final class ImagesMain {
  private static final double MEBI = 1 << 20;

  private ImagesMain() {}

  /** Exit code 2: the settings are wrong; 1: an image could not be built. */
  public static void main(String[] args) {
    if (Settings.asksForHelp(args)) {
      System.out.println(SettingsReference.help(ImagesSettings.class));
      return;
    }
    try {
      ImagesSettings settings = Settings.load(ImagesSettings.class, args);
      build(settings);
    } catch (SettingsException e) {
      exit(2, e.getMessage());
    } catch (ImageException | PartException | IOException e) {
      exit(1, e.getMessage());
    }
  }

  private static void build(ImagesSettings settings) throws IOException {
    ImageBuilder builder = new ImageBuilder(settings, Parts.findHome());
    Map<Image, Path> tarballs = new EnumMap<>(Image.class);
    for (Image image : Image.values()) {
      tarballs.put(image, builder.write(image, Optional.empty()));
    }
    Map<Image, Path> caches = settings.aot() ? caches(builder, tarballs) : Map.of();
    for (Image image : Image.values()) {
      Optional<Path> cache = Optional.ofNullable(caches.get(image));
      Path tarball = builder.write(image, cache);
      System.out.printf("images: %s, %.1f MiB%n", tarball, Files.size(tarball) / MEBI);
      if (!settings.push().isEmpty()) {
        System.out.println("images: pushed " + builder.push(image, cache));
      }
    }
  }

  /** Images work without; they only start slower. */
  private static Map<Image, Path> caches(ImageBuilder builder, Map<Image, Path> tarballs) throws IOException {
    try {
      return new AotTraining(builder.work().resolve("aot")).run(tarballs);
    } catch (ImageException e) {
      System.err.println("images: built without caches of loaded classes, since " + e.getMessage());
      return Map.of();
    }
  }

  private static void exit(int code, @Nullable String message) {
    System.err.println("images: " + message);
    System.exit(code);
  }
}
