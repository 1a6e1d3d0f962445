package dev.parley.cli.stack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;

/** A random secret of an installation, as hexadecimal digits in a file that only its user may read. */
final class SecretFile {
  private static final int BYTES = 32;

  private SecretFile() {}

  /** The secret in this file. It stays; only if there is none, a random one is made. */
  static String in(Path file) throws IOException {
    if (!Files.exists(file)) {
      byte[] random = new byte[BYTES];
      new SecureRandom().nextBytes(random);
      Path part = file.resolveSibling(file.getFileName() + ".part");
      Files.createDirectories(file.getParent());
      Files.deleteIfExists(part);
      Files.createFile(part, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(part, HexFormat.of().formatHex(random));
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    }
    return read(file);
  }

  /** The secret in this file, which there must be. */
  static String read(Path file) throws IOException {
    return Files.readString(file).strip();
  }
}
