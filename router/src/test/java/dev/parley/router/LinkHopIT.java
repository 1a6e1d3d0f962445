package dev.parley.router;

import dev.parley.chassis.resilience.Hop;
import dev.parley.conversation.jetstream.JetStreamBroker;
import dev.parley.conversation.jetstream.JetStreamSettings;
import dev.parley.conversation.log.Layout;
import dev.parley.parts.NatsServer;
import dev.parley.parts.PartProcess;
import dev.parley.parts.Parts;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The hop from a router to another one, a process that hangs or dies. */
class LinkHopIT {
  private static final Layout LAYOUT =
      new Layout(4, Layout.ONE_NODE.window(), Layout.ONE_NODE.formatVersion());

  private final HopProbe hop = new HopProbe("router-link:router-2");

  @TempDir private Path directory;
  private NatsServer nats;
  private JetStreamBroker broker;
  private RouterFixture parley;
  private PartProcess other;

  @BeforeEach
  void twoRouters() throws Exception {
    Path program = Parts.atHome(System.err::println).natsServer();
    nats =
        NatsServer.start(
            new NatsServer.Settings(program, directory.resolve("nats-server")).withSyncInterval("1s"));
    broker = JetStreamBroker.open(new JetStreamSettings(nats.url()).withLayout(LAYOUT, 64L << 20));
    parley = new RouterFixture(broker, hop.telemetry(), "--parley.router.name=router-1");
    other = startOther();
    hop.awaitAnswer();
  }

  private PartProcess startOther() {
    return PartProcess.start(
        new PartProcess.Launch(
            "router-2",
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                RouterMain.class.getName(),
                "--parley.router.name=router-2",
                "--parley.router.server.listen=127.0.0.1:0",
                "--parley.router.link.listen=127.0.0.1:0",
                "--parley.router.auth.jwks=" + parley.jwks(),
                "--parley.router.nats.servers=" + nats.url(),
                "--parley.router.nats.shards=" + LAYOUT.shards(),
                "--parley.router.nats.shard-bytes=64MiB"),
            directory.resolve("router-2"),
            directory.resolve("router-2.log"),
            Map.of(),
            false));
  }

  @AfterEach
  void stop() {
    other.kill();
    parley.close();
    broker.close();
    nats.close();
    hop.close();
  }

  @Test
  void aRouterThatHangsOpensItAndItClosesWhenItGoesOn() {
    other.pause();
    try {
      hop.awaitState(Hop.State.OPEN);
    } finally {
      other.resume();
    }

    hop.awaitState(Hop.State.CLOSED);
    hop.assertOpenedAndClosedInTheLog();
  }

  @Test
  void aRouterThatDiesOpensItAndItClosesWhenItIsThereAgain() {
    other.kill();
    hop.awaitState(Hop.State.OPEN);
    other = startOther();

    hop.awaitState(Hop.State.CLOSED);
    hop.assertOpenedAndClosedInTheLog();
  }
}
