package dev.parley.cli.stack;

import static dev.parley.cli.stack.Deeds.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.bench.Fault;
import dev.parley.bench.Fault.Demand;
import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.pushlab.PushLabServer;
import dev.parley.pushlab.PushLabSettings;
import dev.parley.pushlab.phone.Phone;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.SessionOptions;
import dev.parley.sdk.TokenSource;
import dev.parley.v1.Event;
import dev.parley.v1.ExplainEventRequest;
import dev.parley.v1.ExplainEventResponse;
import dev.parley.v1.GetStatsRequest;
import dev.parley.v1.GetStatsResponse;
import dev.parley.v1.PushAttempt;
import dev.parley.v1.PushAttemptResult;
import dev.parley.v1.PushDevice;
import dev.parley.v1.Recipient;
import dev.parley.v1.RegisterPushDeviceRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Processes of two builds in one installation: ours, and another one that lies built in the directory {@code parley.other}.
 * Not a part of the usual tests, since it needs that other build: {@code cli/test-mixed} makes it and runs this.
 */
class MixedBuilds {
  private static final SessionOptions PHONE = SessionOptions.forDevice("phone");
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final FaultyTimes LOAD = new FaultyTimes(300, 40, Duration.ofSeconds(5), Duration.ofSeconds(5));
  private static final int ROUTERS = 2;

  @TempDir Path data;

  /** Which build a process is from. */
  private enum From {
    OURS,
    THE_OTHER;

    Build build() throws IOException {
      String other = Objects.requireNonNull(System.getProperty("parley.other"), "run this by cli/test-mixed");
      return this == OURS ? Build.ours() : Build.in(Path.of(other));
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatIsSaidOnOneRouterIsHeardOnTheOtherPushedAndExplained(From dispatcher) throws Exception {
    try (PushLabServer lab =
            new PushLabServer(
                new PushLabSettings(data.resolve("lab"), 0, 0, 0, 0, 100, 1), InstantSource.system());
        LiveStack parley = LiveStack.withPlacesFor(data, ROUTERS, 1)) {
      parley.startRouter(1, From.THE_OTHER.build());
      parley.startRouter(2, From.OURS.build());
      parley.startDispatcher(1, dispatcher.build(), data.resolve("lab"));

      Device ann = parley.connectTo(1, "ann", PHONE);
      Device ben = parley.connectTo(2, "ben", PHONE);
      for (int i = 0; i < 20; i++) { // enough conversations for both routers to own some
        assertTheSameIsHeard(parley, ann, ben, "group " + i);
      }
      assertBothRoutersOwnShards(parley);
      assertPushedAndExplained(parley, lab, ann);
      assertPushedAndExplained(parley, lab, ben);
    }
  }

  private static void assertTheSameIsHeard(LiveStack parley, Device ann, Device ben, String title) throws Exception {
    String id = get(ann.session().createGroup(title, List.of("ben")));
    ben.heard().awaitSeq(id, 1);
    long last = 1;
    for (int i = 0; i < 10; i++) {
      last = get((i % 2 == 0 ? ann : ben).session().sendText(id, "message " + i)).getCursor().getSeq();
    }
    get(ann.session().edit(id, 2, "edited"));
    get(ben.session().react(id, 2, "+1", false));
    long secret = get(ben.session().sendText(id, "a secret")).getCursor().getSeq();
    get(ben.session().delete(id, secret));
    get(ann.session().removeMember(id, "ben"));
    long back = get(ann.session().addMembers(id, List.of("ben"))).getCursor().getSeq();

    ann.heard().awaitSeq(id, back);
    ben.heard().awaitSeq(id, back);
    assertThat(last).isEqualTo(11);
    assertThat(ann.heard().seqs(id)).isEqualTo(LongStream.rangeClosed(1, back).boxed().toList());
    assertThat(ben.heard().in(id)).isEqualTo(ann.heard().in(id));
    assertThat(ben.heard().in(id)).extracting(Event::getBodyCase).contains(Event.BodyCase.DELETION);
    ben.session().markRead(id, secret);
    await().untilAsserted(() -> {
      ann.session().typing(id); // left out for one who is behind, as ben has just been
      assertThat(ben.heard().typings).anyMatch(typing -> typing.getConversationId().equals(id));
    });
    await().untilAsserted(() -> assertThat(ann.heard().receipts).anyMatch(receipt -> receipt.getConversationId().equals(id)));
  }

  private static void assertBothRoutersOwnShards(LiveStack parley) {
    await().atMost(PATIENCE).untilAsserted(() -> {
      for (int router = 1; router <= ROUTERS; router++) {
        try (ParleyClient operator = operator(parley, router)) {
          GetStatsResponse stats =
              operator.admin().withDeadlineAfter(20, TimeUnit.SECONDS).getStats(GetStatsRequest.getDefaultInstance());
          assertThat(stats.getSilentRoutersList()).isEmpty();
          assertThat(stats.getRoutersList()).hasSize(ROUTERS);
          assertThat(stats.getRoutersList()).allMatch(each -> each.getOwnedShardsCount() > 0);
        }
      }
    });
  }

  private static ParleyClient operator(LiveStack parley, int router) {
    return parley.clientTo(router, TokenSource.fixed(parley.operatorToken()));
  }

  /** A push goes to who is away, and each router tells of it. */
  private static void assertPushedAndExplained(LiveStack parley, PushLabServer lab, Device writer) throws Exception {
    String away = "away-from-" + writer.session().router();
    Phone phone = lab.newFcmPhone(away);
    try (ParleyClient client = parley.client(away)) {
      client
          .push()
          .withDeadlineAfter(20, TimeUnit.SECONDS)
          .registerPushDevice(
              RegisterPushDeviceRequest.newBuilder()
                  .setDevice(PushDevice.newBuilder().setDeviceId("android").setTarget(phone.target()))
                  .build());
    }
    String id = get(writer.session().createDirect(away));
    long seq = get(writer.session().sendText(id, "come")).getCursor().getSeq();
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(phone.received()).hasSize(1));
    for (int router = 1; router <= ROUTERS; router++) {
      try (ParleyClient operator = operator(parley, router)) {
        await().atMost(PATIENCE).untilAsserted(() -> {
          ExplainEventResponse told =
              operator
                  .admin()
                  .withDeadlineAfter(20, TimeUnit.SECONDS)
                  .explainEvent(ExplainEventRequest.newBuilder().setConversationId(id).setSeq(seq).build());
          assertThat(told.getRoutersAnswered()).isEqualTo(told.getRoutersAsked()).isEqualTo(ROUTERS);
          assertThat(told.getRecipientsList().stream().map(Recipient::getPushesList).flatMap(List::stream))
              .extracting(PushAttempt::getResult)
              .containsExactly(PushAttemptResult.PUSH_ATTEMPT_RESULT_ACCEPTED);
        });
      }
    }
    // Who has it is not told: the dispatcher asks the routers.
    Device back = parley.connect(away, PHONE);
    long next = get(writer.session().sendText(id, "here?")).getCursor().getSeq();
    back.heard().awaitSeq(id, next);
    back.session().markRead(id, next);
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(phone.shown()).isEmpty());
    back.session().close();
  }

  @Test
  void anUpgradeAndAWayBackLoseNothing() throws Exception {
    try (LiveStack parley = LiveStack.withPlacesFor(data, ROUTERS, 0)) {
      parley.startRouter(1, From.THE_OTHER.build());
      parley.startRouter(2, From.THE_OTHER.build());

      LOAD.assertNothingIsLost(
          parley,
          replace(parley, 1, From.OURS),
          replace(parley, 2, From.OURS),
          replace(parley, 1, From.THE_OTHER),
          replace(parley, 2, From.THE_OTHER));
    }
  }

  private static Fault replace(LiveStack parley, int router, From by) {
    return new Fault(
        "router-" + router + " is " + by.name().toLowerCase(Locale.ROOT),
        Demand.UNNOTICED,
        () -> {
          parley.stopRouter(router);
          parley.startRouter(router, by.build());
        });
  }
}
