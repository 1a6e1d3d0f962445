package dev.parley.images;

import dev.parley.chassis.config.Settings;
import dev.parley.chassis.config.SettingsException;
import dev.parley.chassis.config.SettingsReference;
import dev.parley.parts.PartException;
import dev.parley.parts.Parts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
      ImageBuilder builder = new ImageBuilder(settings, Parts.findHome());
      for (Image image : Image.values()) {
        Path tarball = builder.build(image);
        System.out.printf("images: %s, %.1f MiB%n", tarball, Files.size(tarball) / MEBI);
      }
    } catch (SettingsException e) {
      exit(2, e.getMessage());
    } catch (ImageException | PartException | IOException e) {
      exit(1, e.getMessage());
    }
  }

  private static void exit(int code, @Nullable String message) {
    System.err.println("images: " + message);
    System.exit(code);
  }
}
