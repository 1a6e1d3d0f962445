package dev.parley.cli.stack;

import static dev.parley.cli.stack.Deeds.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.router.Recorder;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleySession;
import dev.parley.sdk.SessionOptions;
import dev.parley.sdk.TokenSource;
import dev.parley.v1.ErrorReason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What two routers count, say of themselves and write into their logs while people talk. */
class MetricsIT {
  private static final SessionOptions PHONE = SessionOptions.forDevice("phone");
  private static final int SHARDS = 16;
  private static final int MESSAGES = 20;

  @TempDir static Path data;
  private static LiveStack parley;

  @BeforeAll
  static void start() throws Exception {
    parley = new LiveStack(data, 2, 0);
  }

  @AfterAll
  static void stop() throws Exception {
    parley.close();
  }

  private static String admin(int router) {
    return "127.0.0.1:" + parley.routerAdminPort(router);
  }

  /** How much a metric of a router has grown. */
  private static double grown(Scraped before, int router, String name) {
    return Scraped.of(admin(router)).sum(name) - before.sum(name);
  }

  @Test
  void whatIsCountedIsWhatWasSaid() throws Exception {
    Device ann = parley.connectTo(1, "count-ann", PHONE);
    Device ben = parley.connectTo(2, "count-ben", PHONE);
    String id = get(ann.session().createDirect("count-ben"));
    ben.heard().awaitSeq(id, 1);
    Scraped sender = Scraped.of(admin(1));
    Scraped recipient = Scraped.of(admin(2));

    for (int i = 0; i < MESSAGES; i++) {
      get(ann.session().sendText(id, "message " + i));
    }
    ben.heard().awaitSeq(id, 1 + MESSAGES);
    Deeds.assertRefused(ann.session().edit(id, 1, "no message"), ErrorReason.ERROR_REASON_EVENT_NOT_EDITABLE);

    await()
        .untilAsserted(
            () -> {
              assertThat(grown(recipient, 2, "chat_delivery_latency_seconds_count")).isEqualTo(MESSAGES);
              assertThat(grown(recipient, 2, "chat_sends_total")).isZero();
              assertThat(grown(sender, 1, "chat_delivery_latency_seconds_count")).isZero();
              assertThat(grown(sender, 1, "chat_sends_total")).isEqualTo(MESSAGES + 1);
              assertThat(grown(sender, 1, "chat_send_latency_seconds_count")).isEqualTo(MESSAGES + 1);
              assertThat(
                      grown(sender, 1, "chat_append_events_sum") + grown(recipient, 2, "chat_append_events_sum"))
                  .isEqualTo(MESSAGES);
              assertEachShardHasOneOwner(Scraped.of(admin(1)), Scraped.of(admin(2)));
              // Sessions of another case may just be ending.
              Scraped after = Scraped.of(admin(1));
              assertThat(after.value("chat_sends_total{outcome=\"EVENT_NOT_EDITABLE\"}")).isEqualTo(1);
              assertThat(after.value("chat_sessions")).isEqualTo(1);
              assertThat(after.value("chat_sessions_behind")).isZero();
              assertThat(after.value("chat_follows")).isEqualTo(1);
            });
    // A latency is no negative number and no sum over the messages: all of them took less than the test.
    assertThat(grown(recipient, 2, "chat_delivery_latency_seconds_sum")).isBetween(0.0, 60.0 * MESSAGES);
    ann.session().close();
    ben.session().close();
    await().untilAsserted(() -> assertThat(Scraped.of(admin(1)).value("chat_follows")).isZero());
  }

  /** Each router tells of all shards; one that is just moving may be seen at both. */
  private static void assertEachShardHasOneOwner(Scraped first, Scraped second) {
    for (int shard = 0; shard < SHARDS; shard++) {
      String sample = "chat_shard_owned{shard=\"" + shard + "\"}";
      assertThat(List.of(first.has(sample), second.has(sample))).as(sample).containsOnly(true);
      assertThat(first.value(sample) + second.value(sample)).as(sample).isEqualTo(1);
    }
  }

  @Test
  void aRouterSaysHowItIsAndShowsItsSettingsWithoutItsSecrets() throws Exception {
    assertThat(Scraped.ask("GET", admin(1), "/livez")).isEqualTo("ok\n");
    assertThat(Scraped.ask("GET", admin(1), "/readyz")).isEqualTo("ok\n");

    String config = Scraped.ask("GET", admin(1), "/config");
    assertThat(config)
        .contains("parley.router.name=router-1\n", "parley.router.link.secret=***\n")
        .doesNotContain(LinkSecret.read(data));
  }

  @Test
  void neitherWhatIsSaidNorATokenIsInTheLogs() throws Exception {
    for (int router : List.of(1, 2)) {
      Scraped.ask("PUT", admin(router), "/loglevel?level=TRACE&logger=dev.parley");
    }
    String token = parley.token("log-cyd", Duration.ofHours(1));
    try (var client =
        ParleyClient.plaintext(parley.routerAddresses().getFirst(), TokenSource.fixed(token))) {
      Recorder heard = new Recorder();
      ParleySession cyd = client.connect(PHONE, heard);
      Device dan = parley.connectTo(2, "log-dan", PHONE);
      String id = get(cyd.createDirect("log-dan"));
      long seq = get(cyd.sendText(id, "xyzzy-plugh-1")).getCursor().getSeq();
      get(cyd.edit(id, seq, "xyzzy-plugh-2"));
      Deeds.assertRefused(dan.session().edit(id, seq, "xyzzy-plugh-3"), ErrorReason.ERROR_REASON_EVENT_NOT_EDITABLE);
      dan.heard().awaitSeq(id, seq + 1);
    }

    for (int router : List.of(1, 2)) {
      String log = Files.readString(parley.router(router).logFile());
      assertThat(log).contains("the log level of dev.parley is TRACE").doesNotContain("xyzzy-plugh").doesNotContain(token);
      Scraped.ask("PUT", admin(router), "/loglevel?level=INFO&logger=dev.parley");
    }
  }
}
