package dev.parley.images;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;

/**
 * The files of an image as a container would see them, unpacked from its tarball into a directory, and what the image
 * says of how it is to be started. Every digest is checked on the way.
 *
 * @param directory the root
 * @param entryPoint the command
 * @param environment of the process
 * @param user and group, as numbers
 * @param bytes of all layers, compressed: what is pulled
 */
public record ImageRoot(
    Path directory, List<String> entryPoint, Map<String, String> environment, String user, long bytes) {
  private static final String WHITEOUT = ".wh.";
  private static final String OPAQUE = ".wh..wh..opq";

  /** Unpacks a tarball into a directory that is made anew. */
  public static ImageRoot unpack(Path tarball, Path directory) throws IOException {
    delete(directory);
    Files.createDirectories(directory);
    Map<String, byte[]> blobs = entries(tarball);
    JsonObject index = json(blob(blobs, "index.json"));
    JsonObject manifest = json(content(blobs, index.getAsJsonArray("manifests").get(0).getAsJsonObject()));
    JsonObject config = json(content(blobs, manifest.getAsJsonObject("config")));
    List<String> layers = strings(config.getAsJsonObject("rootfs").getAsJsonArray("diff_ids"));
    long bytes = 0;
    int number = 0;
    for (JsonElement layer : manifest.getAsJsonArray("layers")) {
      byte[] packed = content(blobs, layer.getAsJsonObject());
      bytes += packed.length;
      apply(packed, layers.get(number++), directory);
    }
    JsonObject process = config.getAsJsonObject("config");
    Map<String, String> environment = new TreeMap<>();
    for (String each : strings(process.getAsJsonArray("Env"))) {
      int equals = each.indexOf('=');
      environment.put(each.substring(0, equals), each.substring(equals + 1));
    }
    return new ImageRoot(
        directory,
        strings(process.getAsJsonArray("Entrypoint")),
        environment,
        process.get("User").getAsString(),
        bytes);
  }

  private static Map<String, byte[]> entries(Path tarball) throws IOException {
    Map<String, byte[]> entries = new HashMap<>();
    try (TarArchiveInputStream tar = new TarArchiveInputStream(new BufferedInputStream(Files.newInputStream(tarball)))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        entries.put(entry.getName(), tar.readAllBytes());
      }
    }
    return entries;
  }

  private static byte[] blob(Map<String, byte[]> blobs, String name) {
    byte[] blob = blobs.get(name);
    if (blob == null) {
      throw new ImageException("the tarball has no " + name);
    }
    return blob;
  }

  private static byte[] content(Map<String, byte[]> blobs, JsonObject descriptor) {
    String digest = descriptor.get("digest").getAsString();
    byte[] content = blob(blobs, "blobs/" + digest.replace(':', '/'));
    check(digest, sha256().digest(content));
    if (content.length != descriptor.get("size").getAsLong()) {
      throw new ImageException(digest + " is not as long as the manifest says");
    }
    return content;
  }

  private static void apply(byte[] packed, String diffId, Path root) throws IOException {
    MessageDigest digest = sha256();
    try (DigestInputStream plain =
            new DigestInputStream(new GZIPInputStream(new ByteArrayInputStream(packed)), digest);
        TarArchiveInputStream tar = new TarArchiveInputStream(plain)) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        place(entry, tar, root);
      }
      plain.transferTo(OutputStream.nullOutputStream());
    }
    check(diffId, digest.digest());
  }

  private static void place(TarArchiveEntry entry, InputStream content, Path root) throws IOException {
    Path file = root.resolve(entry.getName()).normalize();
    if (!file.startsWith(root)) {
      throw new ImageException(entry.getName() + " lies outside of the image");
    }
    String name = String.valueOf(file.getFileName());
    if (name.equals(OPAQUE)) {
      Path above = file.resolveSibling(".").normalize();
      delete(above);
      Files.createDirectories(above);
      return;
    }
    if (name.startsWith(WHITEOUT)) {
      delete(file.resolveSibling(name.substring(WHITEOUT.length())));
      return;
    }
    if (entry.isDirectory()) {
      Files.createDirectories(file);
    } else if (entry.isSymbolicLink()) {
      delete(file);
      Files.createSymbolicLink(file, Path.of(entry.getLinkName()));
      return;
    } else {
      delete(file);
      Files.copy(content, file);
    }
    Files.setAttribute(file, "unix:mode", entry.getMode() & 07777);
    if (isRoot()) {
      Files.setAttribute(file, "unix:uid", (int) entry.getLongUserId());
      Files.setAttribute(file, "unix:gid", (int) entry.getLongGroupId());
    }
    // The cache of loaded classes is only used for jars with these very times.
    Files.setLastModifiedTime(file, entry.getLastModifiedTime());
  }

  static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private static JsonObject json(byte[] text) {
    return JsonParser.parseString(new String(text, StandardCharsets.UTF_8)).getAsJsonObject();
  }

  private static List<String> strings(Iterable<JsonElement> array) {
    List<String> strings = new ArrayList<>();
    array.forEach(element -> strings.add(element.getAsString()));
    return strings;
  }

  private static void check(String expected, byte[] digest) {
    String actual = "sha256:" + HexFormat.of().formatHex(digest);
    if (!actual.equals(expected)) {
      throw new ImageException("the image says " + expected + ", its content is " + actual);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Deletes a file or a directory with all that is in it. */
  static void delete(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure) throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
