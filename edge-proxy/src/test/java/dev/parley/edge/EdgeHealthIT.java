package dev.parley.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.rpc.ErrorInfo;
import dev.parley.chassis.errors.Errors;
import dev.parley.v1.ChatServiceGrpc;
import dev.parley.v1.GetUsersRequest;
import io.grpc.Channel;
import io.grpc.Status;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of streams when routers drain or die. */
class EdgeHealthIT {
  private static final String TWO_ARE_WELL = "envoy_cluster_membership_healthy{envoy_cluster_name=\"routers\"} 2";

  private EdgeRig rig;

  @BeforeEach
  void start(@TempDir Path directory) throws Exception {
    rig = new EdgeRig(directory);
  }

  @AfterEach
  void stop() throws Exception {
    rig.close();
  }

  /** The router of a new stream, or nothing when it was refused. */
  private static String routerOfNewStream(Channel channel) throws InterruptedException {
    TestStream stream = new TestStream(channel);
    try {
      return stream.ask();
    } catch (AssertionError refused) {
      return "none";
    } finally {
      stream.end();
    }
  }

  @Test
  void aDrainingRouterGetsNoNewStreamWhileItsOpenOneGoesOn() throws Exception {
    Channel channel = rig.connect("Bearer " + rig.token());
    TestStream open = TestStream.on(channel, "one"::equals);

    rig.routers.get(0).draining();

    // Few streams could all go to the other one by chance, while the edge has not noticed yet.
    await().untilAsserted(() -> assertThat(routersOf(channel, 40)).containsExactly("two"));
    assertThat(routersOf(channel, 20)).containsExactly("two");
    assertThat(open.ask()).isEqualTo("one");
  }

  @Test
  void withoutAnyReadyRouterANewStreamGetsATypedErrorAndOpenOnesGoOn() throws Exception {
    Channel channel = rig.connect("Bearer " + rig.token());
    TestStream open = TestStream.on(channel, "two"::equals);

    rig.routers.forEach(router -> router.draining());

    await().until(() -> routerOfNewStream(channel).equals("none"));
    Throwable refusal = new TestStream(channel).failure();
    assertThat(Status.fromThrowable(refusal).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(Errors.info(refusal)).isNotNull().extracting(ErrorInfo::getReason).isEqualTo("OVERLOADED");
    assertThat(open.ask()).isEqualTo("two");
  }

  @Test
  void aDeadRouterIsLeftAndComesBack() throws Exception {
    Channel channel = rig.connect("Bearer " + rig.token());
    TestStream.on(channel, "one"::equals);
    int port = rig.routers.getFirst().port();

    rig.routers.removeFirst().close();
    await().untilAsserted(() -> assertThat(routersOf(channel, 40)).containsExactly("two"));

    rig.startRouter("one again", port);
    await().untilAsserted(() -> assertThat(routersOf(channel, 8)).contains("one again"));
  }

  /**
   * At the address of "one" nobody takes a connection any more, while what tells of its health still says that it is well.
   * An open stream at "two" makes the edge prefer the other one.
   */
  @Test
  void aRouterThatHasJustGoneCostsNoCallAndNoNewStreamBeforeItsHealthTells() throws Exception {
    int two = rig.routers.get(1).port();
    try (Socket gone = new Socket()) {
      gone.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0));
      rig.restart("--parley.edge.routers=127.0.0.1:%d/%d, 127.0.0.1:%d".formatted(gone.getLocalPort(), two, two));
      Channel channel = rig.connect("Bearer " + rig.token());
      await().untilAsserted(() -> assertThat(rig.status("GET", "/metrics")).contains(TWO_ARE_WELL));
      TestStream open = TestStream.on(channel, "two"::equals);
      ChatServiceGrpc.ChatServiceBlockingStub calls =
          ChatServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);

      for (int i = 0; i < 40; i++) {
        assertThat(calls.getUsers(GetUsersRequest.newBuilder().addUserIds("x").build()).getUsers(0).getUserId())
            .isEqualTo("two");
      }
      assertThat(routersOf(channel, 40)).containsExactly("two");
      assertThat(rig.status("GET", "/metrics")).contains(TWO_ARE_WELL);
      assertThat(open.ask()).isEqualTo("two");
    }
  }

  private static Set<String> routersOf(Channel channel, int streams) throws InterruptedException {
    Set<String> routers = ConcurrentHashMap.newKeySet();
    for (int i = 0; i < streams; i++) {
      routers.add(routerOfNewStream(channel));
    }
    return routers;
  }

  @Test
  void probesAndPrometheusReachNothingElseOfTheAdminInterface() throws Exception {
    assertThat(rig.status("GET", "/livez")).startsWith("200 ");
    assertThat(rig.status("GET", "/readyz")).startsWith("200 LIVE");
    assertThat(rig.status("GET", "/metrics")).startsWith("200 ").contains("envoy_cluster_membership_healthy");
    assertThat(rig.status("GET", "/stats/prometheus")).startsWith("404 ");
    assertThat(rig.status("GET", "/config_dump")).startsWith("404 ");
    assertThat(rig.status("POST", "/quitquitquit")).startsWith("404 ");
    assertThat(rig.status("POST", "/readyz")).startsWith("404 ");
  }
}
