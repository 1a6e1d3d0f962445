package dev.parley.cli.stack;

import static dev.parley.cli.stack.Deeds.get;
import static dev.parley.cli.stack.Deeds.knowing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.parley.cli.CommandFailure;
import dev.parley.cli.backup.BackupDirectory;
import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.conversation.jetstream.JetStreamBackup;
import dev.parley.v1.Cursor;
import dev.parley.v1.Reset;
import dev.parley.v1.ResetReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The broker's data is lost with all copies, and comes back from a backup that was taken under load. */
class BackupIT {
  /** A client comes back, and a router that has just started takes its shards over. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path data;
  @TempDir Path copies;

  @Test
  void whatWasStoredBeforeABackupComesBackAndClientsThatKnowMoreAreTold() throws Exception {
    Path copy = copies.resolve("copy");
    try (LiveStack parley = new LiveStack(data)) {
      Device ann = parley.connect("ann", "phone");
      Device ben = parley.connect("ben", "phone");
      String id = get(ann.session().createDirect("ben"));
      get(ann.session().sendText(id, "before"));
      ben.heard().awaitSeq(id, 2);
      Cursor early = ben.heard().cursor(id);
      NavigableMap<Long, String> stored = new ConcurrentSkipListMap<>();

      long sure = talkWhile(ann, id, stored, () -> backUp(parley, copy));
      ben.heard().awaitSeq(id, get(ann.session().sendText(id, "after")).getCursor().getSeq());
      Cursor late = ben.heard().cursor(id);
      ben.session().close();

      loseEverything(parley);
      restore(parley, copy);
      parley.startRouter(1);

      Device away = parley.connect("ben", knowing("tablet", id, early));
      long head = ann.heard().resets.isEmpty() ? awaitReset(ann, id) : ann.heard().resets.getFirst().getNext().getSeq();
      assertThat(head).isGreaterThanOrEqualTo(sure);
      away.heard().awaitSeq(id, head);
      assertThat(away.heard().resets).isEmpty();
      assertThat(away.heard().seqs(id)).isEqualTo(LongStream.rangeClosed(3, head).boxed().toList());
      assertThat(away.heard().in(id))
          .allSatisfy(event -> assertThat(event.getMessage().getText()).isEqualTo(stored.get(event.getSeq())));

      Device back = parley.connect("ben", knowing("phone", id, late));
      awaitReset(back, id);
      long next = get(ann.session().sendText(id, "and on")).getCursor().getSeq();
      assertThat(next).isEqualTo(head + 1);
      back.heard().awaitSeq(id, next);
      away.heard().awaitSeq(id, next);
      assertThat(away.heard().violations).isEmpty();
    }
  }

  /**
   * Talks before, during and after the action. Everything acknowledged is in {@code stored}; up to the returned seq it was
   * before the action began.
   */
  private static long talkWhile(Device ann, String id, NavigableMap<Long, String> stored, Action action) throws Exception {
    AtomicBoolean enough = new AtomicBoolean();
    CompletableFuture<Void> talk =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 0; !enough.get() || i < 200; i++) {
                String text = "message " + i;
                stored.put(ann.session().sendText(id, text).join().getCursor().getSeq(), text);
              }
            });
    await().until(() -> stored.size() > 50);
    long before = stored.lastKey();
    action.run();
    enough.set(true);
    get(talk);
    return before;
  }

  private interface Action {
    void run() throws Exception;
  }

  private static void backUp(LiveStack parley, Path copy) throws IOException {
    try (JetStreamBackup source = JetStreamBackup.open(parley.operatorOfBroker())) {
      new BackupDirectory(copy).save(source, line -> {});
    }
  }

  private void loseEverything(LiveStack parley) throws IOException {
    parley.killRouter(1);
    parley.nats().kill();
    try (Stream<Path> files = Files.walk(data.resolve("nats-server/jetstream"))) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
    parley.nats().restart();
  }

  private void restore(LiveStack parley, Path copy) throws IOException {
    try (JetStreamBackup target = JetStreamBackup.open(parley.operatorOfBroker())) {
      List<String> told = new ArrayList<>();
      Path damaged = damagedCopyOf(copy);
      assertThatThrownBy(() -> new BackupDirectory(damaged).restore(target, told::add))
          .isInstanceOf(CommandFailure.class)
          .hasMessageContaining("shard-0.stream is missing or damaged");
      Files.delete(damaged.resolve("parley-backup.json"));
      assertThatThrownBy(() -> new BackupDirectory(damaged).restore(target, told::add))
          .isInstanceOf(CommandFailure.class)
          .hasMessageContaining("holds no finished backup");
      assertThat(told).isEmpty();

      assertThat(new BackupDirectory(copy).restore(target, told::add)).isEqualTo(told.size());
      assertThatThrownBy(() -> new BackupDirectory(copy).restore(target, told::add))
          .isInstanceOf(CommandFailure.class)
          .hasMessageContaining("start the broker without data");
    }
  }

  private Path damagedCopyOf(Path copy) throws IOException {
    Path damaged = Files.createDirectory(copies.resolve("damaged"));
    try (Stream<Path> files = Files.list(copy)) {
      for (Path file : files.toList()) {
        Files.copy(file, damaged.resolve(file.getFileName()));
      }
    }
    Path shard = damaged.resolve("shard-0.stream");
    byte[] bytes = Files.readAllBytes(shard);
    bytes[bytes.length / 2] ^= 1;
    Files.write(shard, bytes);
    return damaged;
  }

  private static long awaitReset(Device device, String id) {
    await().atMost(PATIENCE).until(() -> !device.heard().resets.isEmpty());
    Reset reset = device.heard().resets.getFirst();
    assertThat(reset.getReason()).isEqualTo(ResetReason.RESET_REASON_LOG_WENT_BACK);
    assertThat(reset.getConversationId()).isEqualTo(id);
    return reset.getNext().getSeq();
  }
}
