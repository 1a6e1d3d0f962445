package dev.parley.cli.backup;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.cli.CommandFailure;
import dev.parley.conversation.jetstream.JetStreamBackup;
import dev.parley.conversation.jetstream.JetStreamBackup.SavedStream;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.text.ParseException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A backup in a directory: a file for each stream, and {@code parley-backup.json}, written last, which lists them with
 * their checksums. Without it the directory is no backup: it was not finished.
 */
public final class BackupDirectory {
  private static final String LIST = "parley-backup.json";
  private static final String SUFFIX = ".stream";
  private static final int FORMAT = 1;

  private final Path directory;

  /** In this directory. */
  public BackupDirectory(Path directory) {
    this.directory = directory;
  }

  /**
   * Copies everything. Returns how many bytes there are.
   *
   * @param progress is told each step as a line
   */
  public long save(JetStreamBackup broker, Consumer<String> progress) throws IOException {
    Files.createDirectories(directory);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      if (files.iterator().hasNext()) {
        throw new CommandFailure(directory + " is not empty: name a new directory");
      }
    }
    // All that was ever said is in it.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    List<SavedStream> saved = new ArrayList<>();
    List<String> streams = broker.streams();
    if (streams.isEmpty()) {
      throw new CommandFailure("the broker holds no streams: there is nothing to be copied");
    }
    for (String stream : streams) {
      SavedStream one = broker.save(stream, file(stream));
      progress.accept(stream + ": " + one.bytes() + " bytes");
      saved.add(one);
    }
    write(saved);
    return saved.stream().mapToLong(SavedStream::bytes).sum();
  }

  private Path file(String stream) {
    return directory.resolve(stream + SUFFIX);
  }

  private void write(List<SavedStream> saved) throws IOException {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("format", FORMAT);
    map.put("time", Instant.now().toString());
    map.put("streams", saved.stream().map(BackupDirectory::toMap).toList());
    Path part = directory.resolve(LIST + ".part");
    Files.writeString(part, JSONObjectUtils.toJSONString(map));
    Files.move(part, directory.resolve(LIST), StandardCopyOption.ATOMIC_MOVE);
  }

  private static Map<String, Object> toMap(SavedStream saved) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", saved.name());
    map.put("bytes", saved.bytes());
    map.put("sha256", saved.sha256());
    map.put("description", saved.description());
    return map;
  }

  /** Puts everything back, when all of it is whole and nothing of it is there. Returns how many streams. */
  public int restore(JetStreamBackup broker, Consumer<String> progress) throws IOException {
    List<SavedStream> saved = read();
    for (SavedStream stream : saved) {
      Path file = file(stream.name());
      if (!Files.isRegularFile(file) || !JetStreamBackup.sha256(file).equals(stream.sha256())) {
        throw new CommandFailure(file + " is missing or damaged: take another backup; nothing was restored");
      }
    }
    List<String> there = broker.streams();
    if (!there.isEmpty()) {
      throw new CommandFailure(
          "the broker holds " + there.size() + " streams already (" + there.getFirst()
              + " ...): stop all routers and dispatchers, and start the broker without data; nothing was restored");
    }
    for (SavedStream stream : saved) {
      broker.restore(stream, file(stream.name()));
      progress.accept(stream.name() + ": " + stream.bytes() + " bytes");
    }
    return saved.size();
  }

  @SuppressWarnings("unchecked")
  private List<SavedStream> read() throws IOException {
    Path list = directory.resolve(LIST);
    if (!Files.isRegularFile(list)) {
      throw new CommandFailure(directory + " holds no finished backup: there is no " + LIST + " in it");
    }
    try {
      Map<String, Object> map = JSONObjectUtils.parse(Files.readString(list));
      if (JSONObjectUtils.getInt(map, "format") != FORMAT) {
        throw new CommandFailure(list + " is of another format: restore it with the version that wrote it");
      }
      List<SavedStream> saved = new ArrayList<>();
      for (Map<String, Object> stream : JSONObjectUtils.getJSONObjectArray(map, "streams")) {
        saved.add(
            new SavedStream(
                JSONObjectUtils.getString(stream, "name"),
                JSONObjectUtils.getString(stream, "description"),
                JSONObjectUtils.getString(stream, "sha256"),
                JSONObjectUtils.getLong(stream, "bytes")));
      }
      return saved;
    } catch (ParseException | RuntimeException e) {
      throw new CommandFailure(list + " cannot be understood: " + e.getMessage(), e);
    }
  }
}
