package dev.parley.images;

import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import dev.parley.parts.Parts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Builds all images of one version. What they share, the runtime and the C library, is made once and is the same layer in
 * each. Layers are ordered by how rarely they change. Not thread-safe.
 */
final class ImageBuilder {
  private static final List<String> EMPTY_DIRECTORIES = List.of("/dev", "/proc", "/sys", Container.FILES);

  private final ImagesSettings settings;
  private final Path home;
  private final Path work;
  private final ImageWriter writer;
  private final Map<Image, ClassPath> classPaths = new EnumMap<>(Image.class);
  private final List<FileEntriesLayer> shared = new ArrayList<>();
  private final List<Sbom.Program> sharedPrograms = new ArrayList<>();
  private final Path envoy;

  /** Makes what the images share, which takes some seconds. */
  ImageBuilder(ImagesSettings settings, Path home) throws IOException {
    this.settings = settings;
    this.home = home;
    this.work = settings.output().resolve("work").toAbsolutePath();
    ImageRoot.delete(work);
    Files.createDirectories(work.resolve("empty"));
    this.writer = new ImageWriter(settings, work.resolve("cache"));
    this.envoy = new Parts(home, line -> {}).envoy();
    for (Image image : Image.values()) {
      classPaths.put(image, ClassPath.of(home, image));
    }
    makeShared();
  }

  private void makeShared() throws IOException {
    Set<Jar> jars = new HashSet<>();
    classPaths.values().forEach(classPath -> jars.addAll(classPath.jars()));
    Path natives = work.resolve("native");
    NativeLibraries.unpack(List.copyOf(jars), natives);
    Path runtime = work.resolve("java");
    JavaRuntime.make(new JdkModules().neededBy(jars), runtime);
    if (settings.base().isEmpty()) {
      List<Path> programs = new ArrayList<>(CLibrary.programsIn(runtime));
      programs.addAll(CLibrary.programsIn(natives));
      programs.add(envoy);
      shared.add(base(CLibrary.neededBy(programs)));
      sharedPrograms.add(new Sbom.Program("library", "glibc", CLibrary.version()));
    }
    shared.add(new LayerFiles("java").tree(runtime, JavaRuntime.HOME).tree(natives, NativeLibraries.PLACE).build());
    sharedPrograms.add(new Sbom.Program("platform", "openjdk", Runtime.version().toString()));
  }

  /** The little that a system without anything is: a C library, a name for the user, whom to trust. */
  private FileEntriesLayer base(Map<String, Path> libraries) throws IOException {
    Path etc = Files.createDirectories(work.resolve("etc"));
    Files.writeString(etc.resolve("passwd"), "parley:x:65532:65532::/:/nonexistent\n");
    Files.writeString(etc.resolve("group"), "parley:x:65532:\n");
    Files.writeString(etc.resolve("nsswitch.conf"), "hosts: files dns\n");
    Path authorities = etc.resolve("ca-certificates.crt");
    Authorities.write(Path.of(System.getProperty("java.home")), authorities);
    Path empty = work.resolve("empty");
    LayerFiles layer = new LayerFiles("base").directories(empty, EMPTY_DIRECTORIES).writableDirectory(empty, "/tmp");
    for (String name : List.of("passwd", "group", "nsswitch.conf")) {
      layer.file(etc.resolve(name), "/etc/" + name);
    }
    layer.file(authorities, "/etc/ssl/certs/ca-certificates.crt");
    libraries.forEach((place, file) -> layer.file(file, place));
    return layer.build();
  }

  /**
   * Writes the tarball of an image and its list of contents.
   *
   * @param aotCache for its JVM, if there is one
   */
  Path write(Image image, Optional<Path> aotCache) throws IOException {
    Path tarball = settings.output().resolve(image.imageName() + ".tar");
    writer.writeTarball(image, layers(image, aotCache), entryPoint(image, aotCache), tarball);
    return tarball;
  }

  /** Pushes an image; returns its whole name. */
  String push(Image image, Optional<Path> aotCache) throws IOException {
    return writer.push(image, layers(image, aotCache), entryPoint(image, aotCache)).toString();
  }

  /** A directory for what is only needed on the way; emptied by the next build. */
  Path work() {
    return work;
  }

  private List<String> entryPoint(Image image, Optional<Path> aotCache) {
    List<String> classPath = Objects.requireNonNull(classPaths.get(image)).inImage();
    return image.entryPoint(classPath, aotCache.map(file -> Image.AOT_CACHE));
  }

  private List<FileEntriesLayer> layers(Image image, Optional<Path> aotCache) throws IOException {
    ClassPath classPath = Objects.requireNonNull(classPaths.get(image));
    List<FileEntriesLayer> layers = new ArrayList<>(shared);
    List<Sbom.Program> programs = new ArrayList<>(sharedPrograms);
    if (image == Image.EDGE) {
      layers.add(new LayerFiles("envoy").file(envoy, Image.ENVOY).build());
      programs.add(new Sbom.Program("application", "envoy", envoyVersion()));
    }
    layers.add(jars("libraries", classPath.libraries()));
    layers.add(jars("parley", classPath.ours()));
    Path sbom = settings.output().resolve(Sbom.fileName(image));
    Path moduleBom = home.resolve(image.module()).resolve("target/bom.json");
    Sbom.write(moduleBom, image, settings, classPath.jars(), programs, sbom);
    layers.add(new LayerFiles("sbom").file(sbom, Sbom.PLACE + "/" + Sbom.fileName(image)).build());

    aotCache.ifPresent(file -> layers.add(new LayerFiles("aot").file(file, Image.AOT_CACHE).build()));
    return layers;
  }

  private static FileEntriesLayer jars(String name, List<Jar> jars) {
    LayerFiles layer = new LayerFiles(name);
    jars.forEach(jar -> layer.file(jar.file(), jar.placeInImage()));
    return layer.build();
  }

  /** As in "envoy  version: 0123abcd/1.40.0/Clean/RELEASE/BoringSSL". */
  private String envoyVersion() {
    String said = Commands.run(List.of(envoy.toString(), "--version"));
    Matcher version = Pattern.compile("/(\\d+\\.\\d+\\.\\d+)[/-]").matcher(said);
    if (!version.find()) {
      throw new ImageException("envoy does not say which version it is: " + said.strip());
    }
    return version.group(1);
  }
}
