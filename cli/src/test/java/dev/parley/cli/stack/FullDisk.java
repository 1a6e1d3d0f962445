package dev.parley.cli.stack;

import static dev.parley.cli.stack.Deeds.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.conversation.ClientEventIds;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyException;
import dev.parley.v1.Command;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Message;
import dev.parley.v1.SendRequest;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The broker's disk is full. Not a part of the usual tests, since it needs a disk of its own: {@code cli/test-full-disk}
 * makes one in memory, {@code nats-server} in the directory {@code parley.disk}, and runs this.
 */
class FullDisk {
  /** More than what is left has room for. */
  private static final int TRIES = 2_000;

  private static final long LEFT = 256L << 10;
  private static final long ROOM = 1L << 30;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Path data = Path.of(Objects.requireNonNull(System.getProperty("parley.disk"), "run this by cli/test-full-disk"));
  private final Path disk = data.resolve("nats-server");
  private final List<SendRequest> stored = new ArrayList<>();
  private final List<SendRequest> refused = new ArrayList<>();

  @Test
  void sendsAreRefusedWhatWasAcknowledgedStaysAndAllGoesOnWhenThereIsRoom() throws Exception {
    try (LiveStack parley = new LiveStack(data, "--parley.router.nats.shard-bytes=4MiB")) {
      Device ann = parley.connect("ann", "phone");
      Device ben = parley.connect("ben", "phone");
      String full = get(ann.session().createDirect("ben"));
      String other = get(ann.session().createGroup("another shard, as a rule", List.of("ben")));
      ParleyClient client = parley.client("ann");
      await().atMost(PATIENCE).untilAsserted(() -> assertThat(owned(parley)).isEqualTo(16));

      resize(used() + LEFT);
      for (int i = 0; refused.isEmpty(); i++) {
        assertThat(i).as("messages that a full disk took").isLessThan(TRIES);
        send(client, full);
      }
      // Whatever was on its way when the disk was full: after that it is certain that nothing is stored.
      await().atMost(PATIENCE).until(() -> send(client, full) == ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE);
      await().atMost(PATIENCE).until(() -> send(client, other) == ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE);
      await().atMost(PATIENCE).untilAsserted(() -> assertThat(owned(parley)).isLessThan(16));
      await().atMost(PATIENCE).untilAsserted(() -> assertThat(logOf(parley)).contains("acknowledges no append to it"));
      assertThat(health(parley)).contains("no space left on device");

      resize(ROOM);
      parley.nats().stop();
      parley.nats().restart();
      List<SendRequest> acknowledged = List.copyOf(stored);
      for (SendRequest each : List.copyOf(refused)) {
        await().atMost(PATIENCE).until(() -> send(client, each) == null);
      }

      await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard(ben, full, other)).hasSize(stored.size()));
      assertThat(heard(ben, full, other)).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(texts(stored));
      assertThat(ben.heard().texts(full)).containsSubsequence(texts(acknowledged));
      assertThat(ben.heard().resets).isEmpty();
      assertThat(health(parley)).contains("ok");
    }
  }

  private static double owned(LiveStack parley) throws Exception {
    return Scraped.of("127.0.0.1:" + parley.routerAdminPort(1)).sum("chat_shard_owned");
  }

  private @Nullable ErrorReason send(ParleyClient client, String conversation) {
    return send(
        client,
        SendRequest.newBuilder()
            .setCommand(
                Command.newBuilder()
                    .setConversationId(conversation)
                    .setClientEventId(ClientEventIds.create(Instant.now()))
                    .setMessage(Message.newBuilder().setText((stored.size() + refused.size()) + " " + "x".repeat(4_000))))
            .build());
  }

  /** Why it was refused; null: it is stored. */
  private @Nullable ErrorReason send(ParleyClient client, SendRequest request) {
    try {
      var unused = client.blocking().withDeadlineAfter(PATIENCE.toSeconds(), TimeUnit.SECONDS).send(request);
      refused.remove(request);
      stored.add(request);
      return null;
    } catch (StatusRuntimeException e) {
      if (!refused.contains(request)) {
        refused.add(request);
      }
      ErrorReason reason = ParleyException.of(e).reason();
      assertThat(reason).isIn(ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN, ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE);
      return reason;
    }
  }

  private static List<String> texts(List<SendRequest> requests) {
    return requests.stream().map(each -> each.getCommand().getMessage().getText()).toList();
  }

  private static List<String> heard(Device device, String... conversations) {
    List<String> texts = new ArrayList<>();
    for (String each : conversations) {
      texts.addAll(device.heard().texts(each));
    }
    return texts;
  }

  private static String logOf(LiveStack parley) throws IOException {
    return Files.readString(parley.router(1).logFile());
  }

  private static String health(LiveStack parley) throws IOException {
    HttpURLConnection request = (HttpURLConnection) URI.create(parley.nats().monitorUrl() + "/healthz").toURL().openConnection();
    try (var body = request.getResponseCode() < 400 ? request.getInputStream() : request.getErrorStream()) {
      return new String(body.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private long used() throws IOException {
    FileStore store = Files.getFileStore(disk);
    return store.getTotalSpace() - store.getUnallocatedSpace();
  }

  private void resize(long bytes) throws IOException, InterruptedException {
    Process mount = new ProcessBuilder("mount", "-o", "remount,size=" + bytes, disk.toString()).inheritIO().start();
    assertThat(mount.waitFor()).as("mount -o remount,size=%d %s", bytes, disk).isZero();
  }
}
