package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.cli.stack.Leftovers;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code parley up} and what becomes of it, with real parts. What is done with one that stays up: {@link CommandsIT}. */
class UpIT {
  @TempDir Path data;

  @AfterEach
  void leaveNothingRunning() throws IOException {
    Leftovers.stop(data);
  }

  /** Those of its processes that there are. */
  static List<ProcessHandle> parts(Map<String, Object> up) throws ParseException {
    List<ProcessHandle> handles = new ArrayList<>();
    Map<String, Object> processes = JSONObjectUtils.getJSONObject(up, "processes");
    for (String name : processes.keySet()) {
      ProcessHandle.of(pid(up, name)).ifPresent(handles::add);
    }
    return handles;
  }

  private static long pid(Map<String, Object> up, String part) throws ParseException {
    return JSONObjectUtils.getLong(
        JSONObjectUtils.getJSONObject(JSONObjectUtils.getJSONObject(up, "processes"), part), "pid");
  }

  @Test
  void anUpThatWasKilledIsFollowedByOneThatCleansUpAndKnowsWhatWasSaidUntilAPartDies() throws Exception {
    Cli first = Cli.start(data, "up", "--json", "--routers=1");
    List<ProcessHandle> orphans = parts(first.readJson());
    assertThat(orphans).hasSize(8).allMatch(ProcessHandle::isAlive);
    assertThat(Cli.run(data, "send", "bob", "still here tomorrow", "--as=alice").exit()).isZero();
    first.kill();

    try (Cli second = Cli.start(data, "up", "--json", "--routers=1")) {
      Map<String, Object> up = second.readJson();

      assertThat(orphans).noneMatch(ProcessHandle::isAlive);
      assertThat(parts(up)).hasSize(8).allMatch(ProcessHandle::isAlive);
      try (Cli chat = Cli.start(data, "chat", "alice", "--as=bob")) {
        chat.type("/quit");
        assertThat(chat.exit()).as(chat.errors()).isZero();
        assertThat(chat.output()).contains("2 alice: still here tomorrow");
      }

      ProcessHandle.of(pid(up, "router-1")).orElseThrow().destroyForcibly();

      assertThat(second.exit()).isEqualTo(1);
      assertThat(second.errors()).contains("router-1 died with status 137").contains("router-1.log, ends with");
      assertThat(parts(up)).isEmpty();
    }
  }

  @Test
  void whoWantsToObserveWhatIsNotCountedIsToldSo() throws Exception {
    Cli up = Cli.run(data, "up", "--observe", "--no-metrics");
    assertThat(up.exit()).isEqualTo(1);
    assertThat(up.errors()).hasLineCount(1).contains("--observe shows what --no-metrics leaves out");
  }

  @Test
  void oneOfSeveralRoutersPresenceTheGatewayAndTheDispatcherMayDie() throws Exception {
    try (Cli cli = Cli.start(data, "up", "--json")) {
      Map<String, Object> up = cli.readJson();
      assertThat(parts(up)).hasSize(9).allMatch(ProcessHandle::isAlive);
      assertThat(JSONObjectUtils.getJSONObject(up, "routers")).containsOnlyKeys("router-1", "router-2");
      assertThat(JSONObjectUtils.getJSONObject(up, "links")).containsOnlyKeys("router-1", "router-2");

      ProcessHandle.of(pid(up, "router-1")).orElseThrow().destroyForcibly();
      ProcessHandle.of(pid(up, "presence-1")).orElseThrow().destroyForcibly();
      ProcessHandle.of(pid(up, "gateway-1")).orElseThrow().destroyForcibly();
      ProcessHandle.of(pid(up, "dispatcher-1")).orElseThrow().destroyForcibly();

      Cli send = Cli.run(data, "send", "bob", "still here", "--as=alice");
      assertThat(send.exit()).as(send.errors()).isZero();
      cli.awaitError("router-1 ended with status 137; the others go on");
      cli.awaitError("presence-1 ended with status 137; the others go on");
      cli.awaitError("gateway-1 ended with status 137; the others go on");
      cli.awaitError("dispatcher-1 ended with status 137; the others go on");
      assertThat(parts(up)).hasSize(5).allMatch(ProcessHandle::isAlive);
      cli.signal();
      assertThat(cli.exit()).isZero();
      assertThat(parts(up)).isEmpty();
    }
  }

  @Test
  void aPortThatIsTakenIsToldInOneLine() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Cli cli = Cli.run(data, "up", "--edge-port=" + taken.getLocalPort());

      assertThat(cli.exit()).isEqualTo(1);
      assertThat(cli.errors()).hasLineCount(1).contains("port " + taken.getLocalPort() + " is taken");
    }
  }

  @Test
  void inMemoryItIsOneProcess() throws Exception {
    try (Cli cli = Cli.start(data, "up", "--memory", "--json")) {
      Map<String, Object> up = cli.readJson();

      assertThat(ProcessHandle.of(JSONObjectUtils.getLong(up, "pid")).orElseThrow().children()).isEmpty();
      assertThat(JSONObjectUtils.getJSONObject(up, "tokens")).containsKeys("alice", "bob");
      String address = String.valueOf(JSONObjectUtils.getJSONObject(up, "routers").get("router-1"));
      Cli send = Cli.run(data, "send", "bob", "hello", "--as=alice", "--direct", "--address=" + address);
      assertThat(send.exit()).as(send.errors()).isZero();
      assertThat(send.output()).endsWith(" 2 memory\n");
      String page = String.valueOf(up.get("page"));
      assertThat(page).contains("#alice=", "&bob=");
      try (InputStream in = URI.create(page).toURL().openStream()) {
        assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).contains("<title>Parley</title>");
      }
      cli.signal();
      assertThat(cli.exit()).isZero();
    }
  }

  @Test
  void aTokenNeedsKeysAndATimeThatCanBeRead() throws IOException, InterruptedException {
    Cli missing = Cli.run(data, "token", "alice");
    assertThat(missing.exit()).isEqualTo(1);
    assertThat(missing.errors()).hasLineCount(1).contains("./parley up");

    Files.createDirectories(data.resolve("keys"));
    dev.parley.chassis.auth.DevKeys.in(data.resolve("keys"));
    assertThat(Cli.run(data, "token", "alice", "--ttl", "soon").errors()).hasLineCount(1).contains("--ttl");
    assertThat(Cli.run(data, "token", "alice").output().strip()).matches("[\\w-]+\\.[\\w-]+\\.[\\w-]+");
  }
}
