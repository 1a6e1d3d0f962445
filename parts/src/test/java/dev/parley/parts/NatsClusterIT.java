package dev.parley.parts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NatsClusterIT {
  @TempDir
  static Path directory;

  private static NatsCluster cluster;

  @BeforeAll
  static void startCluster() {
    Path program = Parts.atHome(System.err::println).natsServer();
    cluster = NatsCluster.start(new NatsServer.Settings(program, directory).withSyncInterval("1s"));
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @Test
  void theNodesKnowEachOtherAndHaveStoresOfTheirOwn() throws Exception {
    for (NatsServer node : cluster.nodes()) {
      assertThat(monitored(node, "/jsz"))
          .contains("\"meta_cluster\"", "\"cluster_size\": 3")
          .contains(directory.resolve(node.name()).resolve("jetstream").toString());
      assertThat(cluster.node(node.name())).isSameAs(node);
    }
    assertThat(cluster.urls()).doesNotHaveDuplicates().hasSize(3);
  }

  @Test
  void aKilledNodeComesBackInItsPlace() throws Exception {
    NatsServer node = cluster.nodes().getFirst();
    String url = node.url();

    node.kill();
    node.restart();

    assertThat(node.url()).isEqualTo(url);
    assertThat(monitored(node, "/jsz")).contains("\"cluster_size\": 3");
  }

  @Test
  void aPausedNodeCanBeKilledAndComesBack() {
    NatsServer node = cluster.nodes().getLast();
    node.pause();
    node.kill();
    node.restart();
    assertThat(node.process().isAlive()).isTrue();
  }

  @Test
  void aClusterOfWhichAllNodesWereKilledComesBack() {
    List<Long> killed = cluster.nodes().stream().map(node -> node.process().pid()).toList();
    cluster.nodes().forEach(NatsServer::kill);

    cluster.restart();

    assertThat(cluster.nodes()).allSatisfy(node -> {
      assertThat(node.process().isAlive()).isTrue();
      assertThat(node.process().pid()).isNotIn(killed);
    });
  }

  private static String monitored(NatsServer node, String path) throws IOException {
    try (InputStream in = URI.create(node.monitorUrl() + path).toURL().openStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
