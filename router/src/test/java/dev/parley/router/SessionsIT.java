package dev.parley.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.router.RouterFixture.Device;
import dev.parley.v1.Event;
import dev.parley.v1.Stored;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Clients of a router over the log in memory. */
class SessionsIT {
  private RouterFixture parley;

  @BeforeEach
  void start() throws Exception {
    parley = new RouterFixture(new MemoryBroker(Layout.ONE_NODE));
  }

  @AfterEach
  void stop() {
    parley.close();
  }

  @Test
  void twoUsersTalk() throws Exception {
    Device alice = parley.connect("alice", "phone");
    Device bob = parley.connect("bob", "phone");
    String id = alice.session().createDirect("bob").get(10, TimeUnit.SECONDS);
    bob.heard().awaitSeq(id, 1);
    Stored hello = alice.session().sendText(id, "hello").get(10, TimeUnit.SECONDS);
    Stored hi = bob.session().sendText(id, "hi").get(10, TimeUnit.SECONDS);
    assertThat(List.of(hello.getCursor().getSeq(), hi.getCursor().getSeq())).containsExactly(2L, 3L);
    alice.heard().awaitSeq(id, 3);
    bob.heard().awaitSeq(id, 3);
    assertThat(alice.heard().texts(id)).containsExactly("hello", "hi");
    assertThat(bob.heard().texts(id)).containsExactly("hello", "hi");
    assertThat(alice.heard().in(id)).isEqualTo(bob.heard().in(id));
  }

  @Test
  void aClientThatWasAwayGetsExactlyWhatItMissedDuringLoad() throws Exception {
    Device alice = parley.connect("alice", "phone");
    Device bob = parley.connect("bob", "phone");
    String id = alice.session().createDirect("bob").get(10, TimeUnit.SECONDS);
    bob.heard().awaitSeq(id, 1);
    bob.close();
    long last = 0;
    for (int i = 0; i < 900; i++) {
      var sent = alice.session().sendText(id, "m" + i);
      last = i + 2L;
      if (i % 300 == 299) {
        sent.get(20, TimeUnit.SECONDS);
      }
    }
    var cursors = new dev.parley.sdk.MemoryCursorStore();
    cursors.save(id, bob.heard().cursor(id));
    Device back = parley.connect("bob", dev.parley.sdk.SessionOptions.forDevice("phone").withCursors(cursors));
    for (int i = 0; i < 100; i++) {
      alice.session().sendText(id, "live" + i);
    }
    back.heard().awaitSeq(id, last + 100);
    assertThat(back.heard().seqs(id)).isEqualTo(LongStream.rangeClosed(2, last + 100).boxed().toList());
    assertThat(back.heard().in(id).stream().filter(Event::hasMessage)).hasSize(1000);
  }

  @Test
  void aRouterThatLeavesIsNotNoticed() throws Exception {
    Device alice = parley.connect("alice", "phone");
    Device bob = parley.connect("bob", "phone");
    String id = alice.session().createDirect("bob").get(10, TimeUnit.SECONDS);
    alice.session().sendText(id, "before").get(10, TimeUnit.SECONDS);
    parley.drainAndRestart();
    alice.session().sendText(id, "after").get(20, TimeUnit.SECONDS);
    bob.heard().awaitSeq(id, 3);
    assertThat(bob.heard().texts(id)).containsExactly("before", "after");
    await().untilAsserted(() -> assertThat(alice.heard().texts(id)).containsExactly("before", "after"));
  }
}
