package dev.parley.router.presence;

import dev.parley.chassis.resilience.Hop;
import dev.parley.chassis.wire.Wire;
import dev.parley.internal.v1.FromPresence;
import dev.parley.internal.v1.NodeEntry;
import dev.parley.internal.v1.NodeHello;
import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.ToPresence;
import dev.parley.internal.v1.Told;
import dev.parley.internal.v1.VersionedSettings;
import dev.parley.router.feed.RouterId;
import dev.parley.router.loop.Loop;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The link of this router to presence: says what is so here, asks for what its sessions watch, and hands on what is told.
 *
 * <pre>
 *   DOWN --dial--> OPENING --hello--> UP --closed, silent for too long--> DOWN
 * </pre>
 *
 * <p>Nothing waits for it: while it is down, changes are kept as the set of subjects that have changed, and everything
 * reads UNKNOWN. Public methods are thread-safe and return at once; the rest belongs to the link's loop.
 */
public final class PresenceLink {
  private static final Logger LOG = LoggerFactory.getLogger(PresenceLink.class);

  /** What changes within this time goes out as one frame. */
  private static final Duration GATHER = Duration.ofMillis(50);

  private static final Duration TICK = Duration.ofMillis(250);
  private static final int PER_FRAME = 1_000;
  private static final int MOST_HUBS = 62;
  private static final int SETTINGS_A_TICK = 200;

  private final RouterId self;
  private final PresenceLinkSettings settings;
  private final Loop loop;
  private final InstantSource clock;
  private final PresenceDialer dialer;
  private final Function<String, CompletableFuture<VersionedSettings>> settingsOf;
  private final Hop hop;
  private final List<PresenceHub> hubs;
  private final LocalPresence local;
  private final Watching watching = new Watching();
  private final OneShots oneShots = new OneShots(this);
  private final LinkedHashSet<String> settingsToAsk = new LinkedHashSet<>();

  private @Nullable Wire<ToPresence> wire;
  private Phase phase = Phase.DOWN;
  /** Frames of a wire that is not the present one are passed over. */
  private int wires;
  private int nextAddress;
  private Instant heardAt = Instant.EPOCH;
  private boolean storeWorks;
  private boolean toldAvailable;
  private boolean gathering;
  private boolean leaving;
  /** For so long a router that is not heard of has its users online. */
  private Duration lease = Duration.ofSeconds(10);
  private boolean closed;
  /** Presence takes what is said: before it has asked for everything once, it does not. */
  private boolean heard;
  /** What is still to be said of everything that is so, for a generation; 0: nothing. */
  private long generation;
  private final ArrayDeque<Subject> replay = new ArrayDeque<>();

  private enum Phase {
    DOWN,
    OPENING,
    UP
  }

  /** A link that is not opened yet. {@code hubs}: one a loop, at most 62. */
  public PresenceLink(
      RouterId self,
      PresenceSurroundings around,
      Loop loop,
      InstantSource clock,
      List<? extends PresenceHub> hubs) {
    this.self = self;
    this.settings = around.settings();
    this.loop = loop;
    this.clock = clock;
    this.dialer = around.dialer();
    this.settingsOf = around.settingsOf();
    this.hop = around.hop();
    this.hubs = List.copyOf(hubs);
    if (hubs.size() > MOST_HUBS) {
      throw new IllegalArgumentException("at most " + MOST_HUBS + " loops can watch, not " + hubs.size());
    }
    this.local = new LocalPresence();
  }

  /** Opens the link, again and again when it breaks. */
  public void start() {
    if (!settings.addresses().isEmpty()) {
      loop.execute(this::tick);
    }
  }

  // ------------------------------------------------------------------ what the sessions say

  /** A session has come, or is otherwise now. */
  public void present(String sessionId, LocalSession session) {
    onLoopIfUsed(
        () -> {
          if (local.put(sessionId, session)) {
            askSettings(session.userId());
          }
          gather();
        });
  }

  /** A session has ended; {@code broke}: not by the will of its client, who may be back in a moment. */
  public void absent(String sessionId, boolean broke) {
    onLoopIfUsed(
        () -> {
          if (leaving) {
            // Its client is on the way to another router: nobody is to see it offline meanwhile.
            local.broke(sessionId, clock.instant(), lease);
          } else if (broke) {
            local.broke(sessionId, clock.instant(), settings.linger());
          } else {
            local.remove(sessionId);
            gather();
          }
        });
  }

  /** Without an address nobody is told, so nothing is kept. */
  private void onLoopIfUsed(Runnable task) {
    if (!settings.addresses().isEmpty()) {
      loop.execute(task);
    }
  }

  /** What a user lets others see has changed. */
  public void settingsChanged(String userId) {
    loop.execute(
        () -> {
          if (local.userIds().contains(userId)) {
            askSettings(userId);
          }
        });
  }

  /** A user's settings as they are now: remembered also of one who has no session anywhere. */
  public void remember(String userId, VersionedSettings changed) {
    onLoopIfUsed(
        () -> {
          if (!local.remember(userId, changed)) {
            LOG.warn("too many users have changed what they let others see while presence is away: one may be shown as"
                + " before until they come again");
          }
          gather();
        });
  }

  /** Notices of changed settings may have been lost. */
  public void settingsMayHaveChanged() {
    loop.execute(() -> settingsToAsk.addAll(local.userIds()));
  }

  /** Asks for those of which it is not known whether they have changed, a few at a time. */
  private void askMoreSettings() {
    for (int i = 0; i < SETTINGS_A_TICK && !settingsToAsk.isEmpty(); i++) {
      askSettings(settingsToAsk.removeFirst());
    }
  }

  private void askSettings(String userId) {
    settingsOf
        .apply(userId)
        .whenCompleteAsync(
            (versioned, failure) -> {
              if (failure == null) {
                local.settings(userId, versioned);
                gather();
              } else {
                LOG.debug("the presence settings of a user cannot be read; they are asked for again", failure);
                if (local.userIds().contains(userId)) {
                  settingsToAsk.add(userId);
                }
              }
            },
            loop);
  }

  /** A loop watches a subject from now on: it is told as it is, and when it changes. */
  public void watch(int hub, Subject subject) {
    loop.execute(() -> watchNow(hub, subject));
  }

  void watchNow(int hub, Subject subject) {
    Told known = watching.watch(hub, subject);
    if (known != null) {
      tell(hub, List.of(known));
    }
    gather();
  }

  /** A loop does not watch a subject any more. */
  public void unwatch(int hub, Subject subject) {
    loop.execute(() -> unwatchNow(hub, subject));
  }

  void unwatchNow(int hub, Subject subject) {
    watching.unwatch(hub, subject);
    gather();
  }

  /**
   * Subjects as they are now, in the order asked for; without a view where nothing has come in time, and all at once
   * without one when presence is unknown or there are too many reads. Never fails.
   */
  public CompletableFuture<List<Told>> read(List<Subject> subjects) {
    CompletableFuture<List<Told>> answer = new CompletableFuture<>();
    loop.execute(
        () -> {
          if (oneShots.underWay() >= settings.concurrentReads()) {
            hop.full();
            OneShots.refuse(subjects, answer);
          } else if (!toldAvailable) {
            OneShots.refuse(subjects, answer);
          } else {
            oneShots.read(subjects, answer);
            loop.after(settings.readTimeLimit(), () -> endRead(answer));
          }
        });
    return answer;
  }

  private void endRead(CompletableFuture<List<Told>> answer) {
    if (!answer.isDone()) {
      hop.failed(new TimeoutException("presence did not answer a read in time"));
      oneShots.giveUp(answer);
    }
  }

  /** Presence has told all that a read asked for. */
  void readAnswered() {
    hop.succeeded();
  }

  /** The clients go elsewhere from now on: each counts as connected for one lease more. */
  public void leaving() {
    loop.execute(() -> leaving = true);
  }

  /** Ends the link. */
  public void close() {
    loop.execute(
        () -> {
          closed = true;
          if (phase != Phase.DOWN) {
            down(new IOException("this router ends"));
          }
        });
  }

  // ------------------------------------------------------------------ the wire

  private void tick() {
    if (closed) {
      return;
    }
    loop.after(TICK, this::tick);
    Instant now = clock.instant();
    local.tick(now);
    askMoreSettings();
    if (phase != Phase.DOWN && heardAt.plus(settings.silence()).isBefore(now)) {
      down(new TimeoutException("presence is silent"));
    }
    if (phase == Phase.DOWN && hop.allowed()) {
      dial(now);
    }
    if (phase == Phase.UP) {
      if (hop.state() != Hop.State.CLOSED) {
        hop.succeeded();
      }
      send(ToPresence.getDefaultInstance());
      gather();
    }
  }

  private void dial(Instant now) {
    String address = settings.addresses().get(Math.floorMod(nextAddress++, settings.addresses().size()));
    int number = ++wires;
    phase = Phase.OPENING;
    heardAt = now;
    wire =
        dialer.dial(
            address,
            new Wire.Ear<>() {
              @Override
              public void frame(FromPresence frame) {
                onLoop(() -> received(frame));
              }

              @Override
              public void ready() {
                onLoop(PresenceLink.this::sendChanges);
              }

              @Override
              public void closed() {
                onLoop(() -> down(new IOException("the link to presence broke")));
              }

              private void onLoop(Runnable task) {
                loop.execute(
                    () -> {
                      if (number == wires && phase != Phase.DOWN) {
                        task.run();
                      }
                    });
              }
            });
    send(
        ToPresence.newBuilder()
            .setHello(NodeHello.newBuilder().setNode(self.name()).setIncarnation(self.incarnation()))
            .build());
  }

  private void down(Exception why) {
    hop.failed(why);
    Wire<ToPresence> old = wire;
    if (phase == Phase.UP) {
      LOG.warn("{}: everything reads UNKNOWN until it is linked again", why.getMessage());
    }
    wires++;
    wire = null;
    phase = Phase.DOWN;
    storeWorks = false;
    heard = false;
    generation = 0;
    replay.clear();
    watching.askAnew();
    local.forgetChanges();
    tellAvailability();
    if (old != null) {
      old.close();
    }
  }

  private void received(FromPresence frame) {
    heardAt = clock.instant();
    if (frame.hasHello()) {
      LOG.info("linked to presence instance {}", frame.getHello().getInstance());
      lease = Duration.ofSeconds(frame.getHello().getLease().getSeconds(), frame.getHello().getLease().getNanos());
      phase = Phase.UP;
      hop.succeeded();
    }
    if (frame.hasReplay()) {
      heard = true;
      generation = frame.getReplay().getGeneration();
      replay.clear();
      replay.addAll(local.all());
    }
    if (frame.getToldCount() > 0) {
      handOn(frame.getToldList());
    }
    if (frame.hasAvailable()) {
      if (storeWorks && !frame.getAvailable()) {
        watching.askAnew();
      }
      storeWorks = frame.getAvailable();
    }
    tellAvailability();
    gather();
  }

  private void handOn(List<Told> all) {
    Map<Integer, List<Told>> byHub = new HashMap<>();
    for (Told one : all) {
      for (long left = watching.told(one); left != 0; left &= left - 1) {
        byHub.computeIfAbsent(Long.numberOfTrailingZeros(left), hub -> new ArrayList<>()).add(one);
      }
    }
    byHub.forEach(this::tell);
  }

  private void tell(int hub, List<Told> some) {
    if (hub == OneShots.HUB) {
      oneShots.told(some);
    } else {
      PresenceHub watcher = hubs.get(hub);
      watcher.execute(() -> watcher.told(some));
    }
  }

  /** It can be known again only when everything that is watched was told again. */
  private void tellAvailability() {
    boolean can = phase == Phase.UP && storeWorks && (toldAvailable || watching.complete());
    if (can != toldAvailable) {
      toldAvailable = can;
      hubs.forEach(hub -> hub.execute(() -> hub.available(can)));
      if (!can) {
        oneShots.giveUpAll();
      }
    }
  }

  /** Sends what there is to say in a moment, together with what else changes until then. */
  private void gather() {
    if (!gathering && phase == Phase.UP && hasMore()) {
      gathering = true;
      loop.after(GATHER, this::sendChanges);
    }
  }

  private boolean hasMore() {
    return (heard && local.hasChanges()) || generation != 0 || watching.hasChanges();
  }

  private void sendChanges() {
    gathering = false;
    while (phase == Phase.UP && wire != null && wire.ready() && hasMore()) {
      ToPresence.Builder frame = ToPresence.newBuilder();
      Instant now = clock.instant();
      while (!replay.isEmpty() && frame.getEntriesCount() < PER_FRAME) {
        NodeEntry entry = local.entry(replay.removeFirst(), now);
        if (entry != null) {
          frame.addEntries(entry);
        }
      }
      if (heard) {
        frame.addAllEntries(local.takeChanges(PER_FRAME - frame.getEntriesCount(), now));
      }
      if (generation != 0 && replay.isEmpty()) {
        frame.setReplayed(generation);
        generation = 0;
      }
      frame.addAllWatch(watching.takeToWatch(PER_FRAME)).addAllUnwatch(watching.takeToUnwatch(PER_FRAME));
      send(frame.build());
    }
  }

  private void send(ToPresence frame) {
    if (wire != null) {
      wire.send(frame);
    }
  }
}
