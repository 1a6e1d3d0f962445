package dev.parley.images;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The C library of this machine, and of it no more than what the programs of the images are linked to. */
final class CLibrary {
  /** As in "libm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x...)", or the loader itself, which has no arrow. */
  private static final Pattern LINKED = Pattern.compile("(?m)^\\s*(?:\\S+ => )?(/\\S+) \\(0x");

  /** What glibc itself opens by name to look up hosts. */
  private static final List<String> OPENED_BY_NAME = List.of("libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2");

  private CLibrary() {}

  /**
   * What these programs and libraries need besides each other.
   *
   * @return real files by the places where the loader looks for them, sorted
   */
  static Map<String, Path> neededBy(Collection<Path> programs) {
    Map<String, Path> needed = new TreeMap<>();
    for (Path program : programs) {
      Matcher linked = LINKED.matcher(Commands.run(List.of("ldd", program.toString())));
      while (linked.find()) {
        Path file = Path.of(linked.group(1));
        if (programs.stream().noneMatch(each -> isSame(each, file))) {
          needed.put(file.toString(), real(file));
        }
      }
    }
    Path libc =
        needed.keySet().stream()
            .map(Path::of)
            .filter(file -> file.endsWith("libc.so.6"))
            .findFirst()
            .orElseThrow(
                () -> new ImageException("this machine has no glibc: build on one that has, as Debian or Fedora"));
    for (String name : OPENED_BY_NAME) {
      Path file = libc.resolveSibling(name);
      if (Files.exists(file)) {
        needed.put(file.toString(), real(file));
      }
    }
    return needed;
  }

  /** The version, with that of the distribution's package where ldd tells it: {@code 2.36-9+deb12u14}. */
  static String version() {
    String said = Commands.run(List.of("ldd", "--version")).lines().findFirst().orElse("");
    Matcher version = Pattern.compile("GLIBC ([^)\\s]+)\\)").matcher(said);
    return version.find() ? version.group(1) : said.replaceFirst(".*\\s", "");
  }

  /** All programs and libraries of a directory. */
  static List<Path> programsIn(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).filter(CLibrary::isElf).sorted().toList();
    }
  }

  private static boolean isElf(Path file) {
    try (var in = Files.newInputStream(file)) {
      return new String(in.readNBytes(4), StandardCharsets.ISO_8859_1).equals("\u007fELF");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isSame(Path a, Path b) {
    return real(a).equals(real(b));
  }

  private static Path real(Path file) {
    try {
      return file.toRealPath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
