package dev.parley.cli.stack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;

/** What the routers of an installation know each other by, in a file that only its user may read. */
public final class LinkSecret {
  private static final String FILE = "link-secret";
  private static final int BYTES = 32;

  private LinkSecret() {}

  /** The secret of this data directory. It stays; only if there is none, a random one is made. */
  static String in(Path data) throws IOException {
    Path file = file(data);
    if (!Files.exists(file)) {
      byte[] random = new byte[BYTES];
      new SecureRandom().nextBytes(random);
      Path part = file.resolveSibling(FILE + ".part");
      Files.createDirectories(file.getParent());
      Files.deleteIfExists(part);
      Files.createFile(part, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(part, HexFormat.of().formatHex(random));
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    }
    return read(data);
  }

  /** The secret of this data directory, which {@code up} has made. */
  public static String read(Path data) throws IOException {
    return Files.readString(file(data)).strip();
  }

  private static Path file(Path data) {
    return data.resolve("keys").resolve(FILE);
  }
}
