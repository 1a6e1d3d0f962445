package dev.parley.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.parley.parts.Parts;
import dev.parley.router.Recorder;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleySession;
import dev.parley.sdk.SessionOptions;
import dev.parley.sdk.TokenSource;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What the images promise, shown on the tarballs that this build has written. Needs root: containers have users. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ImagesIT {
  private static final Path IMAGES = Path.of("target/images");
  private static final long MEBI = 1 << 20;

  /** What is pulled of the largest image, compressed; it grows by accident sooner than on purpose. */
  private static final long MAX_BYTES = 80 * MEBI;

  private static final int OTHERS_WRITE = 02;

  private final Map<Image, ImageRoot> roots = new EnumMap<>(Image.class);
  private final List<ParleyClient> clients = new ArrayList<>();
  private @Nullable ImageStack started;

  @BeforeAll
  void startEverything(@TempDir Path directory) throws Exception {
    if (!ImageRoot.isRoot()) {
      throw new AssertionError("this test starts processes as other users: run it as root, for example in a container");
    }
    for (Image image : Image.values()) {
      roots.put(image, ImageRoot.unpack(tarball(image), directory.resolve(image.imageName())));
    }
    started = new ImageStack(roots, directory.resolve("stack"));
    List.of(Image.PRESENCE, Image.ROUTER, Image.DISPATCHER, Image.GATEWAY, Image.EDGE).forEach(started::start);
  }

  @AfterAll
  void close() {
    clients.forEach(ParleyClient::close);
    if (started != null) {
      started.close();
    }
  }

  private ImageStack stack() {
    return Objects.requireNonNull(started);
  }

  private ImageRoot root(Image image) {
    return Objects.requireNonNull(roots.get(image));
  }

  private static Path tarball(Image image) {
    return IMAGES.resolve(image.imageName() + ".tar");
  }

  private String token(String user) {
    return stack().keys().signer().sign(user, user, Instant.now().plus(Duration.ofHours(1)));
  }

  /** A session of a user through the edge, caught up. */
  private ParleySession connect(String user, Recorder heard) {
    ParleyClient client =
        ParleyClient.tls(
            stack().address(Image.EDGE), stack().certificates().authority(), TokenSource.fixed(token(user)));
    clients.add(client);
    ParleySession session = client.connect(SessionOptions.forDevice("phone"), heard);
    heard.awaitCaughtUp();
    return session;
  }

  /** Whether the page is to be had through edge and gateway. */
  private boolean servesThePage() throws Exception {
    var trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (var in = Files.newInputStream(stack().certificates().authority())) {
      trusted.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    var trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    var tls = SSLContext.getInstance("TLS");
    tls.init(null, trust.getTrustManagers(), null);
    try (var http = HttpClient.newBuilder().sslContext(tls).build()) {
      var page = HttpRequest.newBuilder(URI.create("https://" + stack().address(Image.EDGE) + "/")).build();
      return http.send(page, HttpResponse.BodyHandlers.ofString()).statusCode() == 200;
    }
  }

  @Test
  void aConversationGoesThroughTheContainersAndTheyLeaveWhenTheyAreAsked() throws Exception {
    Recorder bobHeard = new Recorder();
    connect("bob", bobHeard);
    ParleySession alice = connect("alice", new Recorder());
    String id = alice.createDirect("bob").get(20, TimeUnit.SECONDS);
    alice.sendText(id, "out of an image").get(20, TimeUnit.SECONDS);

    await().untilAsserted(() -> assertThat(bobHeard.texts(id)).containsExactly("out of an image"));
    assertThat(servesThePage()).isTrue();
    assertThat(
            stack()
                .command(
                    "doctor", "--address", stack().address(Image.EDGE), "--ca", "/etc/parley/ca.pem",
                    "--token", token("carol"), "--other-token", token("dave")))
        .as(stack().log(Image.CLI))
        .isZero();

    for (Image image : List.of(Image.EDGE, Image.GATEWAY, Image.DISPATCHER, Image.ROUTER, Image.PRESENCE)) {
      Path process = Path.of("/proc", Long.toString(stack().container(image).handle().pid()));
      assertThat(Files.readString(process.resolve("status")))
          .as(image.imageName())
          .containsPattern("(?m)^Uid:\t65532\t65532\t65532\t65532$")
          .containsPattern("(?m)^Gid:\t65532\t65532\t65532\t65532$")
          .containsPattern("(?m)^NSpid:\t\\d+\t1$");
      if (image.staysInJava()) {
        assertThat(Files.readString(process.resolve("maps")))
            .as(image.imageName() + ": its classes are loaded already, and netty's own transport is used, although"
                + " nothing in /tmp can be executed")
            .contains(Image.AOT_CACHE)
            .contains("/usr/lib/libnetty_transport_native_epoll");
      }
      assertThat(stack().container(image).stop()).as(image.imageName() + ": " + stack().log(image)).isZero();
    }
  }

  @Test
  void nothingInAnImageBelongsToItsUserOrCanBeWrittenByIt() throws Exception {
    for (Image image : Image.values()) {
      ImageRoot root = root(image);
      assertThat(root.user()).isEqualTo("65532:65532");
      try (Stream<Path> files = Files.walk(root.directory())) {
        for (Path file : (Iterable<Path>) files.filter(each -> !each.equals(root.directory()))::iterator) {
          String name = "/" + root.directory().relativize(file);
          var attributes = Files.readAttributes(file, "unix:uid,gid,mode", LinkOption.NOFOLLOW_LINKS);
          assertThat(attributes).as(name).containsEntry("uid", 0).containsEntry("gid", 0);
          if (!name.equals("/tmp")) {
            assertThat((int) Objects.requireNonNull(attributes.get("mode")) & OTHERS_WRITE).as(name).isZero();
          }
        }
      }
    }
  }

  @Test
  void imagesAreSmallAndHaveNoShell() {
    for (Image image : Image.values()) {
      ImageRoot root = root(image);
      assertThat(root.bytes()).as(image.imageName()).isLessThan(MAX_BYTES);
      for (String shell : List.of("bin/sh", "bin/bash", "usr/bin/sh", "bin/busybox")) {
        assertThat(root.directory().resolve(shell)).doesNotExist();
      }
    }
  }

  @Test
  void eachImageSaysWhatIsInIt() throws Exception {
    for (Image image : Image.values()) {
      Path inside = root(image).directory().resolve("usr/share/sbom/" + image.imageName() + ".cdx.json");
      Path beside = IMAGES.resolve(image.imageName() + ".cdx.json");
      assertThat(inside).hasSameBinaryContentAs(beside);
      JsonObject bom = JsonParser.parseString(Files.readString(inside)).getAsJsonObject();
      assertThat(bom.get("bomFormat").getAsString()).isEqualTo("CycloneDX");
      List<String> names = new ArrayList<>();
      for (JsonElement component : bom.getAsJsonArray("components")) {
        names.add(component.getAsJsonObject().get("name").getAsString());
      }
      assertThat(names).contains("openjdk", "glibc", "parley-chassis");
      try (Stream<Path> jars = Files.list(root(image).directory().resolve("app/lib"))) {
        int programs = image == Image.EDGE ? 3 : 2;
        assertThat(names).as(image.imageName()).hasSize((int) jars.count() + programs);
      }
    }
  }

  @Test
  void anotherBuildWritesTheSameBytes(@TempDir Path directory) throws Exception {
    ImagesSettings settings =
        new ImagesSettings(
            System.getProperty("parley.images.version"),
            System.getProperty("parley.images.created"),
            directory,
            "",
            "",
            false);
    ImageBuilder again = new ImageBuilder(settings, Parts.findHome());
    for (Image image : Image.values()) {
      // A training is never quite the same twice: the cache is the first build's.
      Path cache = IMAGES.resolve("work/aot/tmp/" + image.imageName() + "/classes.aot");
      Optional<Path> used = Optional.of(cache).filter(Files::exists);
      assertThat(again.write(image, used)).as(image.imageName()).hasSameBinaryContentAs(tarball(image));
    }
  }
}
