package dev.parley.images;

import com.google.cloud.tools.jib.api.CacheDirectoryCreationException;
import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.ImageReference;
import com.google.cloud.tools.jib.api.InvalidImageReferenceException;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.RegistryException;
import com.google.cloud.tools.jib.api.RegistryImage;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.ImageFormat;
import com.google.cloud.tools.jib.api.buildplan.Platform;
import com.google.cloud.tools.jib.api.buildplan.Port;
import com.google.cloud.tools.jib.frontend.CredentialRetrieverFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;

/** Writes images with Jib: as tarballs (OCI layout), and to a registry. Needs no Docker. */
final class ImageWriter {
  /** The user and group of every process: a number, so that a cluster can see that it is not root. */
  static final String USER = "65532:65532";

  private final ImagesSettings settings;
  private final Path cache;

  ImageWriter(ImagesSettings settings, Path cache) {
    this.settings = settings;
    this.cache = cache;
  }

  /** Writes the tarball of an image. */
  void writeTarball(Image image, List<FileEntriesLayer> layers, List<String> entryPoint, Path file) {
    write(image, layers, entryPoint, Containerizer.to(TarImage.at(file).named(reference(image.imageName()))));
  }

  /** Pushes an image; the login is that of the Docker configuration or of a credential helper. */
  ImageReference push(Image image, List<FileEntriesLayer> layers, List<String> entryPoint) {
    ImageReference target = reference(settings.push() + "/" + image.imageName());
    write(image, layers, entryPoint, Containerizer.to(withLogin(target)));
    return target;
  }

  private void write(Image image, List<FileEntriesLayer> layers, List<String> entryPoint, Containerizer to) {
    try {
      plan(image, layers, entryPoint)
          .containerize(
              to.setBaseImageLayersCache(cache.resolve("base"))
                  .setApplicationLayersCache(cache.resolve("layers"))
                  .setOfflineMode(settings.base().isEmpty() && settings.push().isEmpty())
                  .setToolName("parley-images"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ImageException("interrupted while writing " + image.imageName(), e);
    } catch (IOException | RegistryException | CacheDirectoryCreationException e) {
      throw new ImageException(image.imageName() + " cannot be written: " + e.getMessage(), e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new ImageException(image.imageName() + " cannot be written: " + cause.getMessage(), e);
    }
  }

  private JibContainerBuilder plan(Image image, List<FileEntriesLayer> layers, List<String> entryPoint) {
    JibContainerBuilder builder =
        settings.base().isEmpty() ? Jib.fromScratch() : Jib.from(withLogin(parsed(settings.base())));
    return builder
        .setFormat(ImageFormat.OCI)
        .setPlatforms(Set.of(new Platform(architecture(), "linux")))
        .setCreationTime(settings.creation())
        .setUser(USER)
        .setWorkingDirectory(AbsoluteUnixPath.get("/"))
        .setEntrypoint(entryPoint)
        .setEnvironment(image.environment())
        .setExposedPorts(image.ports().stream().map(Port::tcp).collect(Collectors.toSet()))
        .setLabels(labels(image))
        .setFileEntriesLayers(layers);
  }

  private Map<String, String> labels(Image image) {
    Map<String, String> labels = new TreeMap<>();
    labels.put("org.opencontainers.image.title", image.title());
    labels.put("org.opencontainers.image.version", settings.version());
    labels.put("org.opencontainers.image.created", settings.creation().toString());
    if (!settings.base().isEmpty()) {
      labels.put("org.opencontainers.image.base.name", settings.base());
    }
    return labels;
  }

  private static RegistryImage withLogin(ImageReference reference) {
    CredentialRetrieverFactory logins = CredentialRetrieverFactory.forImage(reference, event -> {});
    return RegistryImage.named(reference)
        .addCredentialRetriever(logins.dockerConfig())
        .addCredentialRetriever(logins.wellKnownCredentialHelpers());
  }

  private ImageReference reference(String name) {
    return parsed(name + ":" + settings.version());
  }

  private static ImageReference parsed(String reference) {
    try {
      return ImageReference.parse(reference);
    } catch (InvalidImageReferenceException e) {
      throw new ImageException("'" + reference + "' is no name of an image", e);
    }
  }

  /** As images call it. */
  static String architecture() {
    return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
  }
}
