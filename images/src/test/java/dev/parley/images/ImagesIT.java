package dev.parley.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.parley.parts.Parts;
import dev.parley.router.Recorder;
import dev.parley.sdk.ParleySession;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What the images promise, shown on the tarballs that this build has written. Needs root: containers have users. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ImagesIT {
  private static final long MEBI = 1 << 20;

  /** What is pulled of the largest image, compressed; it grows by accident sooner than on purpose. */
  private static final long MAX_BYTES = 110 * MEBI;

  private static final int OTHERS_WRITE = 02;

  private ImageRig rig;

  @BeforeAll
  void startEverything(@TempDir Path directory) throws Exception {
    if (!ImageRoot.isRoot()) {
      throw new AssertionError("this test starts processes as other users: run it as root, for example in a container");
    }
    rig = new ImageRig(directory);
    List.of(Image.PRESENCE, Image.ROUTER, Image.DISPATCHER, Image.GATEWAY, Image.EDGE).forEach(rig::start);
  }

  @AfterAll
  void close() {
    if (rig != null) {
      rig.close();
    }
  }

  @Test
  void aConversationGoesThroughTheContainersAndTheyLeaveWhenTheyAreAsked() throws Exception {
    Recorder bobHeard = new Recorder();
    rig.connect("bob", bobHeard);
    ParleySession alice = rig.connect("alice", new Recorder());
    String id = alice.createDirect("bob").get(20, TimeUnit.SECONDS);
    alice.sendText(id, "out of an image").get(20, TimeUnit.SECONDS);

    await().untilAsserted(() -> assertThat(bobHeard.texts(id)).containsExactly("out of an image"));
    assertThat(rig.servesThePage()).isTrue();

    for (Image image : List.of(Image.EDGE, Image.GATEWAY, Image.DISPATCHER, Image.ROUTER, Image.PRESENCE)) {
      Path process = Path.of("/proc", Long.toString(rig.container(image).handle().pid()));
      assertThat(Files.readString(process.resolve("status")))
          .as(image.imageName())
          .containsPattern("(?m)^Uid:\t65532\t65532\t65532\t65532$")
          .containsPattern("(?m)^Gid:\t65532\t65532\t65532\t65532$")
          .containsPattern("(?m)^NSpid:\t\\d+\t1$");
      if (image.staysInJava() && image != Image.PRESENCE) {
        assertThat(Files.readString(process.resolve("maps")))
            .as("netty's native transport, where nothing in /tmp can be executed")
            .contains("/usr/lib/libnetty_transport_native_epoll");
      }
      assertThat(rig.container(image).stop()).as(image.imageName() + ": " + ImageRig.read(rig.log(image))).isZero();
    }
  }

  @Test
  void nothingInAnImageBelongsToItsUserOrCanBeWrittenByIt() throws Exception {
    for (Image image : Image.values()) {
      ImageRoot root = rig.root(image);
      assertThat(root.user()).isEqualTo("65532:65532");
      try (Stream<Path> files = Files.walk(root.directory())) {
        for (Path file : (Iterable<Path>) files.filter(each -> !each.equals(root.directory()))::iterator) {
          String name = "/" + root.directory().relativize(file);
          var attributes = Files.readAttributes(file, "unix:uid,gid,mode", LinkOption.NOFOLLOW_LINKS);
          assertThat(attributes).as(name).containsEntry("uid", 0).containsEntry("gid", 0);
          if (!name.equals("/tmp")) {
            assertThat((int) attributes.get("mode") & OTHERS_WRITE).as(name).isZero();
          }
        }
      }
    }
  }

  @Test
  void imagesAreSmallAndHaveNoShell() {
    for (Image image : Image.values()) {
      ImageRoot root = rig.root(image);
      assertThat(root.bytes()).as(image.imageName()).isLessThan(MAX_BYTES);
      for (String shell : List.of("bin/sh", "bin/bash", "usr/bin/sh", "bin/busybox")) {
        assertThat(root.directory().resolve(shell)).doesNotExist();
      }
    }
  }

  @Test
  void eachImageSaysWhatIsInIt() throws Exception {
    for (Image image : Image.values()) {
      Path inside = rig.root(image).directory().resolve("usr/share/sbom/" + image.imageName() + ".cdx.json");
      Path beside = Path.of("target/images", image.imageName() + ".cdx.json");
      assertThat(inside).hasSameBinaryContentAs(beside);
      JsonObject bom = JsonParser.parseString(Files.readString(inside)).getAsJsonObject();
      assertThat(bom.get("bomFormat").getAsString()).isEqualTo("CycloneDX");
      List<String> names = new ArrayList<>();
      for (JsonElement component : bom.getAsJsonArray("components")) {
        names.add(component.getAsJsonObject().get("name").getAsString());
      }
      assertThat(names).contains("openjdk", "glibc", "parley-chassis");
      try (Stream<Path> jars = Files.list(rig.root(image).directory().resolve("app/lib"))) {
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
      Path first = Path.of("target/images", image.imageName() + ".tar");
      assertThat(again.build(image)).as(image.imageName()).hasSameBinaryContentAs(first);
    }
  }
}
