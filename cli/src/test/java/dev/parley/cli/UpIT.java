package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.util.JSONObjectUtils;
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

/** {@code parley up} and what becomes of it, with real parts. */
class UpIT {
  @TempDir Path data;

  @AfterEach
  void leaveNothingRunning() throws Exception {
    Cli.run(data, "down");
  }

  private static List<ProcessHandle> parts(Map<String, Object> up) throws ParseException {
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
  void anUpThatWasKilledIsFollowedByOneThatCleansUp() throws Exception {
    Cli first = Cli.start(data, "up", "--json", "--routers=1");
    List<ProcessHandle> orphans = parts(first.readJson());
    assertThat(orphans).hasSize(8).allMatch(ProcessHandle::isAlive);
    first.kill();

    try (Cli second = Cli.start(data, "up", "--json", "--routers=1")) {
      Map<String, Object> up = second.readJson();

      assertThat(orphans).noneMatch(ProcessHandle::isAlive);
      assertThat(parts(up)).hasSize(8).allMatch(ProcessHandle::isAlive);
      second.signal();
      assertThat(second.exit()).isZero();
      assertThat(parts(up)).isEmpty();
    }
  }

  @Test
  void aSecondUpIsRefusedInOneLineAndTheDoctorFindsEverythingWell() throws Exception {
    Cli first = Cli.run(data, "up", "--json", "--detach");
    Map<String, Object> up = first.readJson();

    Cli second = Cli.run(data, "up");
    assertThat(second.exit()).isEqualTo(1);
    assertThat(second.errors()).hasLineCount(1).contains("up already at " + up.get("edge"));

    Cli doctor = Cli.run(data, "doctor", "--json");
    assertThat(doctor.exit()).as(doctor.output()).isZero();
    Cli fromOutside =
        Cli.run(
            data, "doctor", "--address", String.valueOf(up.get("edge")), "--ca", String.valueOf(up.get("ca_file")),
            "--token", Cli.run(data, "token", "ann").output().strip(),
            "--other-token", Cli.run(data, "token", "ben").output().strip());
    assertThat(fromOutside.output()).contains("ok   edge-certificate", "ok   conversation", "ok   resume", "skip routers");
    assertThat(fromOutside.exit()).isZero();
    Cli forOperators =
        Cli.run(
            data, "doctor", "--address", String.valueOf(up.get("edge")), "--ca", String.valueOf(up.get("ca_file")),
            "--token", Cli.run(data, "token", "ann").output().strip(),
            "--other-token", Cli.run(data, "token", "ben").output().strip(),
            "--operator-token", Cli.run(data, "token", "ops", "--operator").output().strip());
    assertThat(forOperators.output()).contains("ok   routers", "16 shards, each with one", "ok   clock");
    assertThat(forOperators.exit()).as(forOperators.output()).isZero();
    assertAllAnswer(JSONObjectUtils.getJSONObject(up, "admin"));

    assertThat(Cli.run(data, "down").exit()).isZero();
    assertThat(parts(up)).isEmpty();
  }

  @Test
  void whoWantsToObserveWhatIsNotCountedIsToldSo() throws Exception {
    Cli up = Cli.run(data, "up", "--observe", "--no-metrics");
    assertThat(up.exit()).isEqualTo(1);
    assertThat(up.errors()).hasLineCount(1).contains("--observe shows what --no-metrics leaves out");
  }

  private static void assertAllAnswer(Map<String, Object> admin) throws IOException {
    assertThat(admin).containsOnlyKeys("router-1", "router-2", "presence-1", "dispatcher-1", "gateway-1");
    for (Object address : admin.values()) {
      for (String page : List.of("/livez", "/readyz", "/metrics", "/config")) {
        try (InputStream in = URI.create("http://" + address + page).toURL().openStream()) {
          assertThat(in.readAllBytes()).as(page).isNotEmpty();
        }
      }
    }
  }

  @Test
  void whatWasSaidIsThereInTheNextRun() throws Exception {
    assertThat(Cli.run(data, "up", "--detach").exit()).isZero();
    assertThat(Cli.run(data, "send", "bob", "still here tomorrow", "--as=alice").exit()).isZero();
    assertThat(Cli.run(data, "down").exit()).isZero();

    assertThat(Cli.run(data, "up", "--detach").exit()).isZero();
    try (Cli chat = Cli.start(data, "chat", "alice", "--as=bob")) {
      chat.type("/quit");

      assertThat(chat.exit()).as(chat.errors()).isZero();
      assertThat(chat.output()).contains("2 alice: still here tomorrow");
    }
  }

  @Test
  void aPartThatDiesIsToldAndTheOthersAreStopped() throws Exception {
    try (Cli cli = Cli.start(data, "up", "--json", "--routers=1")) {
      Map<String, Object> up = cli.readJson();

      ProcessHandle.of(pid(up, "router-1")).orElseThrow().destroyForcibly();

      assertThat(cli.exit()).isEqualTo(1);
      assertThat(cli.errors()).contains("router-1 died with status 137").contains("router-1.log, ends with");
      assertThat(parts(up)).isEmpty();
    }
  }

  @Test
  void aChatShowsWhetherTheOtherOneIsThere() throws Exception {
    assertThat(Cli.run(data, "up", "--detach").exit()).isZero();
    try (Cli bob = Cli.start(data, "chat", "alice", "--as=bob")) {
      awaitLine(bob, "* alice is offline");
      try (Cli alice = Cli.start(data, "chat", "bob", "--as=alice")) {
        awaitLine(bob, "* alice is online");
        alice.type("/away");
        awaitLine(bob, "* alice is away");
        alice.type("/quit");
        assertThat(alice.exit()).isZero();
      }
      awaitLine(bob, "* alice is offline, last seen ");
    }
  }

  @Test
  void whoIsAwayIsToldByPhoneUntilHeReads() throws Exception {
    assertThat(Cli.run(data, "up", "--detach").exit()).isZero();
    Cli phone = Cli.run(data, "phone", "--as=bob", "--kind=apns");
    assertThat(phone.exit()).as(phone.errors()).isZero();
    String[] sent;
    try (Cli pushes = Cli.start(data, "tail", "--pushes")) {
      Cli send = Cli.run(data, "send", "bob", "call me", "--as=alice");
      assertThat(send.exit()).as(send.errors()).isZero();
      sent = send.output().split(" ");

      assertThat(pushes.readLine()).contains("bob's phone-", "(apns, badge 1) alice: call me");
      try (Cli chat = Cli.start(data, "chat", "alice", "--as=bob")) {
        assertThat(pushes.readLine()).contains("bob's phone-", "takes away what it shows");
        chat.type("/quit");
        assertThat(chat.exit()).isZero();
      }
    }
    Cli explain = Cli.run(data, "explain", sent[0], sent[1], "--of=bob");
    assertThat(explain.output()).as(explain.errors()).contains("event 2 (message) of alice", "bob", "(apns): accepted");
    assertThat(Cli.run(data, "stats").output()).contains("router-1", "router-2");
    assertThat(Cli.run(data, "revoke", "bob").output()).contains("tokens of bob");
  }

  private static void awaitLine(Cli chat, String start) throws Exception {
    String line = chat.readLine();
    while (!line.startsWith(start)) {
      line = chat.readLine();
    }
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
      assertThat(cli.errors()).contains("router-1 ended with status 137; the others go on");
      assertThat(cli.errors()).contains("presence-1 ended with status 137; the others go on");
      assertThat(cli.errors()).contains("gateway-1 ended with status 137; the others go on");
      assertThat(cli.errors()).contains("dispatcher-1 ended with status 137; the others go on");
      assertThat(parts(up)).hasSize(5).allMatch(ProcessHandle::isAlive);
      cli.signal();
      assertThat(cli.exit()).isZero();
      assertThat(parts(up)).isEmpty();
    }
  }

  @Test
  void theDoctorShowsWhoOwnsWhat() throws Exception {
    assertThat(Cli.run(data, "up", "--detach").exit()).isZero();

    Cli doctor = Cli.run(data, "doctor", "--json");

    String output = doctor.output();
    assertThat(doctor.exit()).as(output).isZero();
    Map<String, Object> cluster = JSONObjectUtils.getJSONObject(JSONObjectUtils.parse(output), "cluster");
    assertThat(JSONObjectUtils.getJSONObjectArray(cluster, "routers"))
        .extracting(router -> router.get("router"))
        .containsExactly("router-1", "router-2");
    assertThat(JSONObjectUtils.getJSONObjectArray(cluster, "shards")).hasSize(16);
  }

  @Test
  void afterFaultsTheStackIsAsItWas() throws Exception {
    assertThat(Cli.run(data, "up", "--detach").exit()).isZero();

    Cli bench =
        Cli.run(
            data, "bench", "faults", "--faults=nats-kill,router-stop", "--pause=1s", "--warmup=1s", "--rate=100",
            "--clients=4", "--json");

    Map<String, Object> result = bench.readJson();
    assertThat(bench.exit()).as(bench.errors()).isZero();
    assertThat(JSONObjectUtils.getJSONObjectArray(result, "faults"))
        .extracting(fault -> fault.get("fault"))
        .containsExactly("nats-kill", "router-stop");
    Cli doctor = Cli.run(data, "doctor", "--json");
    assertThat(doctor.exit()).as(doctor.output()).isZero();
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
