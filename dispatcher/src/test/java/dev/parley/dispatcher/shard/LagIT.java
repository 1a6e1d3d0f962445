package dev.parley.dispatcher.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.conversation.jetstream.JetStreamBroker;
import dev.parley.conversation.jetstream.JetStreamSettings;
import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.Layout;
import dev.parley.parts.NatsServer;
import dev.parley.parts.Parts;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.Nats;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lag of a dispatcher on a real broker, whose feed stands still. */
class LagIT {
  private static final String C = "018f0000-0000-7000-8000-000000000001";
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @Test
  void aFeedThatStandsStillIsALag(@TempDir Path directory) throws Exception {
    Path program = Parts.atHome(System.err::println).natsServer();
    // What the lag waits for, the next look and the next record, is the dispatcher's own.
    try (QuickTime time = new QuickTime();
        NatsServer nats = NatsServer.start(new NatsServer.Settings(program, directory).withSyncInterval("1s"));
        MeteredDispatcher metered = new MeteredDispatcher(time, Duration.ofMillis(100));
        Broker broker =
            JetStreamBroker.open(new JetStreamSettings(nats.url()).withLayout(new Layout(2, 64, 1), 64L << 20))) {
      // What was there before the first dispatcher is nobody's to do.
      Talk talk = Talk.group(broker, time, C, List.of("alice", "bob"));
      try (Dispatcher _ = metered.start(broker, time.loop())) {
        awaitLag(metered, 0);

        try (Connection client = Nats.connect(nats.url())) {
          JetStreamManagement management = client.jetStreamManagement();
          String stream = "shard-" + talk.shard();
          await().atMost(PATIENCE).until(() -> !management.getConsumerNames(stream).isEmpty());
          String consumer = management.getConsumerNames(stream).getFirst();
          assertThat(management.pauseConsumer(stream, consumer, ZonedDateTime.now().plusHours(1)).isPaused()).isTrue();
          for (int i = 0; i < 5; i++) {
            talk.say("alice", "not read");
          }
          awaitLag(metered, 5);
          time.jump(Duration.ofHours(1));
          assertThat(metered.lagAge()).isGreaterThan(3_600);
          assertThat(management.resumeConsumer(stream, consumer)).isTrue();
          // The broker looks at the consumer again with the next message, or when the request that waits there has ended.
          talk.say("alice", "read, with those before");
        }
        awaitLag(metered, 0);
      }
    }
  }

  private static void awaitLag(MeteredDispatcher metered, long records) {
    await().atMost(PATIENCE).until(() -> metered.lag().equals(OptionalLong.of(records)));
  }
}
