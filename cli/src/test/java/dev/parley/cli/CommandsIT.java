package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on one installation that {@code parley up} has started. Each case has users of its own. */
class CommandsIT {
  @TempDir static Path data;
  private static Map<String, Object> up = Map.of();

  @BeforeAll
  static void up() throws Exception {
    Cli cli = Cli.run(data, "up", "--json", "--detach");
    assertThat(cli.exit()).as(cli.errors()).isZero();
    up = cli.readJson();
  }

  @AfterAll
  static void downEndsEverything() throws Exception {
    assertThat(Cli.run(data, "down").exit()).isZero();
    assertThat(UpIT.parts(up)).isEmpty();
  }

  private static String token(String... arguments) throws Exception {
    return Cli.run(data, with(new String[] {"token"}, arguments)).output().strip();
  }

  private static void awaitLine(Cli chat, String start) throws Exception {
    String line = chat.readLine();
    while (!line.startsWith(start)) {
      line = chat.readLine();
    }
  }

  @Test
  void aSecondUpIsRefusedInOneLine() throws Exception {
    Cli second = Cli.run(data, "up");
    assertThat(second.exit()).isEqualTo(1);
    assertThat(second.errors()).hasLineCount(1).contains("up already at " + up.get("edge"));
  }

  @Test
  void theDoctorFindsEverythingWellAndShowsWhoOwnsWhat() throws Exception {
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
  void theDoctorLooksFromOutsideAndDeeperForOperators() throws Exception {
    String[] fromOutside = {
      "doctor", "--address", String.valueOf(up.get("edge")), "--ca", String.valueOf(up.get("ca_file")),
      "--token", token("ann"), "--other-token", token("ben")
    };
    Cli doctor = Cli.run(data, fromOutside);
    assertThat(doctor.output()).contains("ok   edge-certificate", "ok   conversation", "ok   resume", "skip routers");
    assertThat(doctor.exit()).isZero();

    Cli forOperators = Cli.run(data, with(fromOutside, "--operator-token", token("ops", "--operator")));
    assertThat(forOperators.output()).contains("ok   routers", "16 shards, each with one", "ok   clock");
    assertThat(forOperators.exit()).as(forOperators.output()).isZero();
  }

  private static String[] with(String[] arguments, String... more) {
    return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray(String[]::new);
  }

  @Test
  void eachProgramSaysHowItIs() throws Exception {
    Map<String, Object> admin = JSONObjectUtils.getJSONObject(up, "admin");
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
  void aChatShowsWhetherTheOtherOneIsThere() throws Exception {
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
    Cli phone = Cli.run(data, "phone", "--as=dan", "--kind=apns");
    assertThat(phone.exit()).as(phone.errors()).isZero();
    String[] sent;
    try (Cli pushes = Cli.start(data, "tail", "--pushes")) {
      pushes.awaitError("LIVE");
      Cli send = Cli.run(data, "send", "dan", "call me", "--as=carol");
      assertThat(send.exit()).as(send.errors()).isZero();
      sent = send.output().split(" ");

      assertThat(pushes.readLine()).contains("dan's phone-", "(apns, badge 1) carol: call me");
      try (Cli chat = Cli.start(data, "chat", "carol", "--as=dan")) {
        assertThat(pushes.readLine()).contains("dan's phone-", "takes away what it shows");
        chat.type("/quit");
        assertThat(chat.exit()).isZero();
      }
    }
    Cli explain = Cli.run(data, "explain", sent[0], sent[1], "--of=dan");
    assertThat(explain.output()).as(explain.errors()).contains("event 2 (message) of carol", "dan", "(apns): accepted");
    assertThat(Cli.run(data, "stats").output()).contains("router-1", "router-2");
    assertThat(Cli.run(data, "revoke", "dan").output()).contains("tokens of dan");
  }

  @Test
  void idleSessionsAreMeasured() throws Exception {
    Cli bench = Cli.run(data, "bench", "idle", "--clients=50", "--warmup=1ms", "--duration=1s", "--json");

    Map<String, Object> result = bench.readJson();
    assertThat(bench.exit()).as(bench.errors()).isZero();
    assertThat(result).containsEntry("lost", 0L).containsEntry("sessions", 50L);
    assertThat(JSONObjectUtils.getJSONObject(result, "live_heap_kib_per_session"))
        .containsKeys("router-1", "router-2", "presence-1", "gateway-1");
  }

  @Test
  void afterFaultsTheStackIsAsItWas() throws Exception {
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
}
