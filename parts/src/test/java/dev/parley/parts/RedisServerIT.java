package dev.parley.parts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RedisServerIT {
  private static final Path PROGRAM = Parts.atHome(System.err::println).valkeyServer();

  @TempDir
  Path directory;

  private RedisServer.Settings settings() {
    return new RedisServer.Settings(PROGRAM, directory);
  }

  @Test
  void aKilledServerComesBackEmptyOnTheSamePort() throws Exception {
    try (RedisServer server = RedisServer.start(settings())) {
      String url = server.url();
      assertThat(said(server, "SET here yes", 5_000)).isEqualTo("+OK\r\n");

      server.kill();
      assertThat(server.process().isAlive()).isFalse();
      server.restart();

      assertThat(server.url()).isEqualTo(url);
      assertThat(said(server, "GET here", 5_000)).isEqualTo("$-1\r\n");
    }
  }

  @Test
  void aStoppedServerLeavesNoDataOnTheDisk() throws Exception {
    try (RedisServer server = RedisServer.start(settings())) {
      said(server, "SET here yes", 5_000);
      server.stop();
      try (var files = Files.list(directory)) {
        assertThat(files.map(file -> file.getFileName().toString()))
            .containsExactlyInAnyOrder("valkey-server.conf", "valkey-server.log");
      }
    }
  }

  @Test
  void aPausedServerIsSilentUntilItIsResumed() throws Exception {
    try (RedisServer server = RedisServer.start(settings())) {
      server.pause();
      assertThatThrownBy(() -> said(server, "PING", 200)).isInstanceOf(SocketTimeoutException.class);

      server.resume();
      assertThat(said(server, "PING", 5_000)).isEqualTo("+PONG\r\n");
    }
  }

  @Test
  void aServerWithAPasswordLetsNobodyElseIn() throws Exception {
    try (RedisServer server = RedisServer.start(settings().withPassword("s3cret"))) {
      assertThat(server.url()).startsWith("redis://:s3cret@127.0.0.1:");
      assertThat(said(server, "PING", 5_000)).startsWith("-NOAUTH");
      assertThat(Files.getPosixFilePermissions(directory.resolve("valkey-server.conf"))).hasSize(2);
    }
  }

  private static String said(RedisServer server, String command, int timeoutMillis) throws IOException {
    URI url = URI.create(server.url());
    try (Socket socket = new Socket(InetAddress.getByName("127.0.0.1"), url.getPort())) {
      socket.setSoTimeout(timeoutMillis);
      socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.UTF_8));
      byte[] bytes = new byte[4096];
      int length = socket.getInputStream().read(bytes);
      return new String(bytes, 0, Math.max(0, length), StandardCharsets.UTF_8);
    }
  }
}
