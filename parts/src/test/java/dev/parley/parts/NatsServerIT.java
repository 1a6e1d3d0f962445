package dev.parley.parts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NatsServerIT {
  private static final Path PROGRAM = Parts.atHome(System.err::println).natsServer();

  @TempDir
  Path directory;

  private NatsServer.Settings settings() {
    return new NatsServer.Settings(PROGRAM, directory);
  }

  @Test
  void syncsEachMessageByDefault() throws Exception {
    try (NatsServer server = NatsServer.start(settings())) {
      assertThat(jetStreamConfig(server)).contains("\"sync_always\": true");
    }
  }

  @Test
  void aKilledServerComesBackOnTheSamePort() throws Exception {
    try (NatsServer server = NatsServer.start(settings())) {
      String url = server.url();
      long killed = server.process().pid();

      server.kill();
      assertThat(server.process().isAlive()).isFalse();
      server.restart();

      assertThat(server.url()).isEqualTo(url);
      assertThat(server.process().pid()).isNotEqualTo(killed);
      assertThat(greeting(server, 5_000)).startsWith("INFO ");
    }
  }

  @Test
  void aPausedServerIsSilentUntilItIsResumed() throws Exception {
    try (NatsServer server = NatsServer.start(settings())) {
      server.pause();
      assertThatThrownBy(() -> greeting(server, 200)).isInstanceOf(SocketTimeoutException.class);

      server.resume();
      assertThat(greeting(server, 5_000)).startsWith("INFO ");
    }
  }

  @Test
  void aPausedServerCanBeKilled() {
    try (NatsServer server = NatsServer.start(settings())) {
      server.pause();
      server.kill();
      assertThat(server.process().isAlive()).isFalse();
    }
  }

  @Test
  void aStartInTheSameDirectoryEndsWhatAnEarlierOneLeftRunning() {
    NatsServer left = NatsServer.start(settings());
    try (NatsServer server = NatsServer.start(settings())) {
      await().until(() -> !left.process().isAlive());
      assertThat(server.process().isAlive()).isTrue();
    }
  }

  @Test
  void aTakenPortIsNamedInTheError() throws Exception {
    try (NatsServer first = NatsServer.start(settings())) {
      int port = URI.create(first.url()).getPort();
      assertThatThrownBy(() -> NatsServer.start(
              new NatsServer.Settings(PROGRAM, directory.resolve("second")).withPorts(port, 0)))
          .isInstanceOf(PartException.class)
          .hasMessageContaining("nats-server died")
          .hasMessageContaining(port + ": bind: address already in use");
    }
  }

  @Test
  void theFileWithPasswordsIsForItsOwnerOnly() throws Exception {
    var user = new NatsServer.User("parley", "s3cret", null);
    try (NatsServer server = NatsServer.start(settings().withUsers(List.of(user)))) {
      assertThat(greeting(server, 5_000)).contains("\"auth_required\":true");
      assertThat(Files.getPosixFilePermissions(directory.resolve("nats-server.conf"))).hasSize(2);
    }
  }

  private static String greeting(NatsServer server, int timeoutMillis) throws IOException {
    URI url = URI.create(server.url());
    try (Socket socket = new Socket(InetAddress.getByName(url.getHost()), url.getPort())) {
      socket.setSoTimeout(timeoutMillis);
      byte[] bytes = new byte[4096];
      int length = socket.getInputStream().read(bytes);
      return new String(bytes, 0, Math.max(0, length), StandardCharsets.UTF_8);
    }
  }

  private static String jetStreamConfig(NatsServer server) throws IOException {
    try (InputStream in = URI.create(server.monitorUrl() + "/jsz?config=true").toURL().openStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
