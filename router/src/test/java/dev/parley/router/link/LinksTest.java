package dev.parley.router.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.chassis.resilience.BreakerSettings;
import dev.parley.chassis.resilience.Hop;
import dev.parley.chassis.resilience.Hops;
import dev.parley.chassis.wire.Wire;
import dev.parley.internal.v1.LinkFrame;
import dev.parley.internal.v1.LinkHello;
import dev.parley.internal.v1.ShardFrame;
import dev.parley.router.ManualTime;
import dev.parley.router.feed.RouterId;
import dev.parley.router.loop.Loop;
import dev.parley.router.view.Member;
import dev.parley.router.view.View;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LinksTest {
  private static final LinkTimes TIMES = new LinkTimes(Duration.ofMillis(200), Duration.ofSeconds(2), 8 << 20);
  private static final RouterId SELF = new RouterId("a", 1);
  private static final RouterId PEER = new RouterId("b", 2);

  private final ManualTime time = new ManualTime();
  private final PeerHops hops =
      new PeerHops(
          Hops.unmetered(time, new Random(7)), new BreakerSettings(50, 4, 3, Duration.ofMillis(500), 1));
  private final Links links = new Links(SELF, TIMES, new OnTime(), time::nanos, this::dial, hops, new Unheard());
  private boolean reachable;
  private int dials;

  private final class OnTime implements Loop {
    @Override
    public void execute(Runnable task) {
      task.run();
    }

    @Override
    public boolean inLoop() {
      return true;
    }

    @Override
    public void after(Duration delay, Runnable task) {
      time.after(delay, task);
    }
  }

  private static final class Unheard implements LinkListener {
    @Override
    public void up(RouterId router) {}

    @Override
    public void down(RouterId router) {}

    @Override
    public void received(RouterId from, ShardFrame frame) {}
  }

  private static final class Open implements Wire<LinkFrame> {
    @Override
    public boolean ready() {
      return true;
    }

    @Override
    public void send(LinkFrame frame) {}

    @Override
    public void close() {}
  }

  /** Refused at once, or answered with a hello. */
  private Wire<LinkFrame> dial(String address, Wire.Ear<LinkFrame> ear) {
    dials++;
    if (reachable) {
      time.after(
          Duration.ZERO,
          () ->
              ear.frame(
                  LinkFrame.newBuilder()
                      .setHello(LinkHello.newBuilder().setRouter(PEER.name()).setIncarnation(PEER.incarnation()))
                      .build()));
    } else {
      time.after(Duration.ZERO, ear::closed);
    }
    return new Open();
  }

  private void meet() {
    links.start();
    links.view(new View(1, List.of(Member.of(SELF, "here"), Member.of(PEER, "there")), List.of(Member.of(SELF, "here"))));
  }

  @Test
  void aRouterThatCannotBeDialedIsNotDialedAllTheTime() {
    meet();
    time.advance(Duration.ofSeconds(10));

    assertThat(hops.to("b").state()).isEqualTo(Hop.State.OPEN);
    assertThat(dials).as("100 without the hop").isBetween(10, 40);
  }

  @Test
  void aRouterThatIsBackIsLinkedWithinASecond() {
    meet();
    time.advance(Duration.ofSeconds(10));
    reachable = true;
    time.advance(Duration.ofMillis(900));

    assertThat(links.reaches(PEER)).isTrue();
    assertThat(hops.to("b").state()).isEqualTo(Hop.State.CLOSED);
  }

  @Test
  void aLinkThatIsSilentOpensItBeforeItIsTakenForBroken() {
    reachable = true;
    meet();
    time.advance(Duration.ofMillis(1_900));

    assertThat(links.reaches(PEER)).isTrue();
    assertThat(hops.to("b").state()).isEqualTo(Hop.State.OPEN);
  }

  @Test
  void aRouterThatHasLeftIsForgotten() {
    meet();
    time.advance(Duration.ofSeconds(10));
    links.view(new View(2, List.of(Member.of(SELF, "here")), List.of(Member.of(SELF, "here"))));
    time.advance(Duration.ofSeconds(61));

    assertThat(hops.routers()).isEmpty();
  }
}
