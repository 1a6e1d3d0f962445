package dev.parley.images;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** What a process runs on, in the order of Maven: its module's jar first. */
record ClassPath(List<Jar> jars) {
  private static final Pattern FOREIGN_NATIVE =
      Pattern.compile(".*-(?:linux|osx|windows)-(?!" + Pattern.quote(nettyArchitecture()) + ").*\\.jar");

  /** As the build of the module has written it down. */
  static ClassPath of(Path home, Image image) throws IOException {
    Path target = home.resolve(image.module()).resolve("target");
    List<Jar> jars = new ArrayList<>();
    try (DirectoryStream<Path> own = Files.newDirectoryStream(target, "parley-" + image.module() + "-*.jar")) {
      own.forEach(file -> {
        if (!file.getFileName().toString().endsWith("-tests.jar")) {
          jars.add(new Jar(file));
        }
      });
    }
    if (jars.size() != 1) {
      throw new ImageException("expected one jar in " + target + ", found " + jars + ": build from clean, with -Pimages");
    }
    Path listing = target.resolve("runtime.classpath");
    if (!Files.exists(listing)) {
      throw new ImageException(listing + " is missing: build this module and those before it together, with -am");
    }
    for (String file : Files.readString(listing).strip().split(":")) {
      jars.add(new Jar(Path.of(file)));
    }
    return new ClassPath(jars.stream().filter(image::needs).filter(ClassPath::isOfThisMachine).toList());
  }

  /** Native libraries of other machines are of no use. */
  private static boolean isOfThisMachine(Jar jar) {
    return !FOREIGN_NATIVE.matcher(jar.name()).matches();
  }

  /** As netty writes it in the names of its files. */
  static String nettyArchitecture() {
    return System.getProperty("os.arch").toLowerCase(Locale.ROOT).equals("aarch64") ? "aarch_64" : "x86_64";
  }

  List<Jar> libraries() {
    return jars.stream().filter(jar -> !jar.isOurs()).toList();
  }

  List<Jar> ours() {
    return jars.stream().filter(Jar::isOurs).toList();
  }

  List<String> inImage() {
    return jars.stream().map(Jar::placeInImage).toList();
  }
}
