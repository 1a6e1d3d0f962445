package dev.parley.bench.simulation;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import dev.parley.bench.history.HistoryLog;
import dev.parley.conversation.Refusal;
import dev.parley.router.Say;
import dev.parley.router.session.EncodedFrame;
import dev.parley.router.session.SessionCall;
import dev.parley.router.shard.Readable;
import dev.parley.sdk.Violation;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Command;
import dev.parley.v1.ConversationCursor;
import dev.parley.v1.Credit;
import dev.parley.v1.Cursor;
import dev.parley.v1.Cursors;
import dev.parley.v1.Event;
import dev.parley.v1.Following;
import dev.parley.v1.Hello;
import dev.parley.v1.ReadMark;
import dev.parley.v1.Reset;
import dev.parley.v1.SendResult;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.Term;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A device of a user that keeps its cursors, comes back through whichever router takes it, sends again what has no
 * answer, and logs what it sent, was told and received.
 */
final class SimDevice {
  private static final Duration RETRY = Duration.ofMillis(300);
  /** In one of so many steps it talks. */
  private static final int TALKS = 7;

  private static final int TALKS_WHEN_QUIET = 200;
  /** In one of so many steps it begins to be quiet, or to talk. */
  private static final int CHANGES_MOOD = 150;
  /** In one of so many steps it leaves. */
  private static final int STAYS = 250;

  private static final int LOOKS_IN = 30;

  private final String user;
  private final String name;
  private final boolean lurks;
  private final VirtualTime time;
  private final Random random;
  private final List<String> conversations;
  private final Supplier<@Nullable SimRouter> routers;
  private final Consumer<SendResult> stored;
  private final HistoryLog history;
  private final Map<String, Place> places = new HashMap<>();
  private final Map<String, Command> open = new LinkedHashMap<>();
  private @Nullable Connection connection;
  /** The router that took it the last time; it likes to go there again. */
  private @Nullable SimRouter last;

  private int away;
  private int said;
  private boolean quiet;
  /** What it knows of the servers' clocks. */
  private long aheadMillis;

  /** Where the device stands in a conversation, and what it may read of it. */
  private static final class Place {
    long seq;
    Cursor cursor;
    Readable readable = new Readable(List.of());

    Place(long seq) {
      this.seq = seq;
      this.cursor = Cursor.newBuilder().setSeq(seq).build();
    }
  }

  /**
   * A device that is away.
   *
   * @param lurks says nothing, and looks in often: so it sees what a router tells that nobody speaks through
   * @param routers one that takes a stream now; null: none does
   * @param stored is told when a router says that something is stored
   */
  SimDevice(
      String user, String name, boolean lurks, VirtualTime time, Random random, List<String> conversations,
      Supplier<@Nullable SimRouter> routers, Consumer<SendResult> stored) {
    this.user = user;
    this.name = name;
    this.lurks = lurks;
    this.time = time;
    this.random = random;
    this.conversations = conversations;
    this.routers = routers;
    this.stored = stored;
    this.history = new HistoryLog(name, user, true, time::nanos);
  }

  HistoryLog history() {
    return history;
  }

  /** Lives for a moment: takes frames, talks, goes away, comes back. */
  void step() {
    Connection now = connection;
    if (now == null) {
      if (away-- <= 0) {
        connect();
      }
    } else {
      now.step();
    }
    if (random.nextInt(CHANGES_MOOD) == 0) {
      quiet = !quiet;
    }
    if (!lurks && random.nextInt(quiet ? TALKS_WHEN_QUIET : TALKS) == 0 && places.size() == conversations.size()) {
      talk();
    }
  }

  /** Comes to rest: is connected, takes everything. */
  void rest() {
    if (connection == null) {
      connect();
    } else {
      connection.rest();
    }
  }

  private void connect() {
    SimRouter router = last;
    if (router == null || !router.serves() || !(lurks || random.nextBoolean())) {
      router = routers.get();
    }
    if (router != null) {
      last = router;
      connection = new Connection(router);
    }
  }

  /** The stream broke. */
  private void lost() {
    connection = null;
    away = random.nextInt(20);
  }

  /** Nothing is open, and everything up to these heads was received. */
  boolean done(Map<String, Long> heads) {
    return connection != null
        && connection.live
        && open.isEmpty()
        && places.entrySet().stream()
            .allMatch(place ->
                place.getValue().seq >= place.getValue().readable.previous(heads.getOrDefault(place.getKey(), 0L)));
  }

  /** What it waits for, for a person. */
  String state() {
    return name + ": " + (connection == null ? "away" : connection.live ? "live" : "catching up") + ", open "
        + open.keySet() + ", " + places.entrySet().stream().map(p -> p.getKey() + "@" + p.getValue().seq
            + p.getValue().readable.ranges().stream().map(r -> r.getFirstSeq() + "-" + r.getLastSeq()).toList()).toList();
  }

  private void talk() {
    String conversation = conversations.get(random.nextInt(conversations.size()));
    Place place = Objects.requireNonNull(places.get(conversation));
    int what = random.nextInt(20);
    if (what == 0 && !user.equals("ann")) {
      command(conversation, place.readable.open() ? Say.leave() : Say.join());
    } else if (what == 1) {
      command(conversation, Say.add("cid"));
    } else if (what == 2) {
      command(conversation, Say.remove("cid"));
    } else if (what == 3) {
      command(conversation, Say.edit(1 + random.nextLong(place.seq + 1), "edited"));
    } else if (what == 4) {
      command(conversation, Say.delete(1 + random.nextLong(place.seq + 1)));
    } else if (what == 5 && connection != null && place.seq > 0) {
      connection.send(
          ClientFrame.newBuilder()
              .setReadMark(ReadMark.newBuilder().setConversationId(conversation).setSeq(place.seq)));
    } else {
      command(conversation, Say.message(name + " says " + said++));
    }
  }

  /** Sends a command, and again until it has a final answer. */
  void command(String conversation, Command.Builder what) {
    Command command = what.setConversationId(conversation).setClientEventId(newId()).build();
    history.sent(conversation, command.getClientEventId());
    open.put(command.getClientEventId(), command);
    if (connection != null) {
      connection.send(ClientFrame.newBuilder().setCommand(command));
    }
  }

  private String newId() {
    long high = ((time.millis() + aheadMillis) << 16) | 0x7000L | random.nextInt(1 << 12);
    return new UUID(high, (random.nextLong() >>> 2) | (0b10L << 62)).toString();
  }

  // ------------------------------------------------------------------ one stream

  private final class Connection implements SessionCall.Downstream {
    private final ArrayDeque<ServerFrame> inbox = new ArrayDeque<>();
    private final Set<String> announced = new HashSet<>();
    private final SimRouter.Stream stream;
    private boolean ready = true;
    private boolean live;
    private long processed;

    Connection(SimRouter router) {
      stream = router.connect(user, this);
      send(ClientFrame.newBuilder().setHello(Hello.newBuilder().setDeviceId(name)));
      Cursors.Builder cursors = Cursors.newBuilder().setComplete(true);
      places.forEach((id, place) -> {
        history.resumed(id, place.seq);
        cursors.addCursors(ConversationCursor.newBuilder().setConversationId(id).setCursor(place.cursor));
      });
      send(ClientFrame.newBuilder().setCursors(cursors));
      open.values().forEach(command -> send(ClientFrame.newBuilder().setCommand(command)));
      watch(router);
    }

    /** A router that is dead or stopped says nothing: the client notices. */
    private void watch(SimRouter router) {
      time.after(Duration.ofMillis(500), () -> {
        if (connection == this) {
          if (router.process().dead()) {
            lost();
          } else if (!lurks && router.process().stopped()) {
            leave();
          } else {
            watch(router);
          }
        }
      });
    }

    void send(ClientFrame.Builder frame) {
      ClientFrame built = frame.build();
      stream.does(call -> {
        if (!call.session().closed()) {
          call.frame(built, built.getSerializedSize());
        }
      });
    }

    @Override
    public boolean ready() {
      return ready;
    }

    @Override
    public void write(EncodedFrame encoded) {
      ServerFrame frame = parse(encoded);
      if (frame.getSendResult().hasStored()) {
        stored.accept(frame.getSendResult());
      }
      inbox.addLast(frame);
    }

    @Override
    public void close(@Nullable Refusal why) {
      if (connection == this) {
        lost();
      }
    }

    void step() {
      if (random.nextInt(10) == 0) {
        ready = !ready;
        stream.does(call -> call.session().ready());
      }
      if (random.nextInt(lurks ? LOOKS_IN : STAYS) == 0) {
        leave();
      } else {
        take(random.nextInt(6));
      }
    }

    private void leave() {
      lost();
      stream.does(call -> call.session().ended());
    }

    void rest() {
      if (!ready) {
        ready = true;
        stream.does(call -> call.session().ready());
      }
      take(100);
    }

    private void take(int frames) {
      long before = processed;
      for (int i = 0; i < frames && !inbox.isEmpty() && connection == this; i++) {
        take(inbox.removeFirst());
        processed++;
      }
      if (processed > before && connection == this) {
        send(ClientFrame.newBuilder().setCredit(Credit.newBuilder().setFrames(processed)));
      }
    }

    private void take(ServerFrame frame) {
      switch (frame.getFrameCase()) {
        case CATCH_UP -> {
          live |= frame.getCatchUp().getComplete();
          frame.getCatchUp().getFollowingList().forEach(this::announced);
        }
        case EVENTS ->
            frame.getEvents().getEventsList().forEach(event ->
                event(
                    frame.getEvents().getConversationId(), event, frame.getEvents().getPosition(),
                    frame.getEvents().getTerm()));
        case SEND_RESULT -> result(frame.getSendResult());
        case RESET -> reset(frame.getReset());
        case RECONNECT -> time.after(Duration.ofMillis(random.nextInt(500)), () -> {
          if (connection == this) {
            leave();
          }
        });
        default -> {}
      }
    }

    private ServerFrame parse(EncodedFrame frame) {
      try {
        return ServerFrame.parseFrom(frame.bytes());
      } catch (InvalidProtocolBufferException e) {
        throw new AssertionError(e);
      }
    }

    private void announced(Following following) {
      String id = following.getConversationId();
      Place place = places.computeIfAbsent(id, conversation -> new Place(following.getAfterSeq()));
      place.readable = new Readable(following.getReadableList());
      announced.add(id);
      history.following(following);
    }

    private void reset(Reset reset) {
      history.reset(reset);
      Place place = new Place(reset.getNext().getSeq());
      place.cursor = reset.getNext();
      places.put(reset.getConversationId(), place);
    }

    private void event(String conversation, Event event, long position, Term term) {
      history.received(conversation, event);
      Place place = places.computeIfAbsent(conversation, id -> new Place(event.getSeq() - 1));
      place.seq = Math.max(place.seq, event.getSeq());
      place.cursor = Cursor.newBuilder().setSeq(event.getSeq()).setPosition(position).setTerm(term).build();
      boolean left = event.hasMemberLeft() && event.getSenderId().equals(user);
      boolean removed = event.hasMemberRemoved() && event.getMemberRemoved().getUserId().equals(user);
      // One who is behind may have been told already that the user came back later.
      boolean news = place.readable.open() && place.readable.ranges().getLast().getFirstSeq() <= place.seq;
      if ((left || removed) && news) {
        place.readable = place.readable.closedAt(place.seq);
      }
    }

    /** By the owner's clock the id was of the future: the same is said under a new id of that clock. */
    private void sayAgainWhenInFuture(Command command, ErrorInfo why) {
      if (why.getReason().equals("CLIENT_EVENT_ID_IN_FUTURE")) {
        aheadMillis = Long.parseLong(why.getMetadataOrThrow("server_time_ms")) - time.millis();
        command(command.getConversationId(), command.toBuilder());
      }
    }

    private void result(SendResult result) {
      String id = result.getClientEventId();
      String conversation = result.getConversationId();
      Command command = open.remove(id);
      if (command == null) {
        history.violated(
            new Violation(
                Violation.Kind.UNANNOUNCED, conversation, 0, 0, "an answer to a command that waits for none"));
        return;
      }
      if (result.hasRefused()) {
        boolean later =
            result.getRefused().hasRetry() || result.getRefused().getInfo().getReason().equals("INTERNAL");
        if (later) {
          open.put(id, command);
          time.after(RETRY, () -> {
            if (connection == this && open.containsKey(id)) {
              send(ClientFrame.newBuilder().setCommand(command));
            }
          });
        } else {
          history.refused(conversation, id);
          sayAgainWhenInFuture(command, result.getRefused().getInfo());
        }
        return;
      }
      Cursor cursor = result.getStored().getCursor();
      history.acked(conversation, id, cursor.getSeq());
      if (result.getStored().getRepeated()) {
        return;
      }
      // The session's own event; its body is the command's, and is not looked at again.
      Event.Builder own = Event.newBuilder().setSeq(cursor.getSeq()).setClientEventId(id).setSenderId(user);
      if (command.hasLeave()) {
        own.setMemberLeft(dev.parley.v1.MemberLeft.getDefaultInstance());
      }
      if (announced.contains(conversation) || !places.containsKey(conversation)) {
        event(conversation, own.build(), cursor.getPosition(), cursor.getTerm());
      }
    }
  }
}
