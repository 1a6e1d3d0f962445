package dev.parley.cli.stack;

import java.io.IOException;
import java.nio.file.Path;

/** What the routers of an installation know each other by, in a file that only its user may read. */
public final class LinkSecret {
  private LinkSecret() {}

  /** The secret of this data directory. It stays; only if there is none, a random one is made. */
  static String in(Path data) throws IOException {
    return SecretFile.in(file(data));
  }

  /** The secret of this data directory, which {@code up} has made. */
  public static String read(Path data) throws IOException {
    return SecretFile.read(file(data));
  }

  private static Path file(Path data) {
    return data.resolve("keys").resolve("link-secret");
  }
}
