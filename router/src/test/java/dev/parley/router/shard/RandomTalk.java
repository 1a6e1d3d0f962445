package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.internal.v1.LogRecord;
import dev.parley.router.ManualTime;
import dev.parley.router.Say;
import dev.parley.router.session.EncodedFrame;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.Command;
import dev.parley.v1.ConversationCursor;
import dev.parley.v1.Credit;
import dev.parley.v1.Cursor;
import dev.parley.v1.Cursors;
import dev.parley.v1.Event;
import dev.parley.v1.HeadsRequest;
import dev.parley.v1.Hello;
import dev.parley.v1.MemberLeft;
import dev.parley.v1.ReadMark;
import dev.parley.v1.SendResult;
import dev.parley.v1.ServerFrame;
import dev.parley.v1.Term;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Random talk of some devices over a broker behind a bad network, with streams that break, routers that are killed, and
 * routers that take the shard from each other, asked or not, all from one seed; then quiet, and then the check of what
 * everyone was told against the log.
 */
final class RandomTalk {
  private static final List<String> CONVERSATIONS = List.of(Say.GROUP, Say.OTHER);
  private static final List<String> USERS = List.of("ann", "bob", "cid");
  private static final Duration STEP = Duration.ofMillis(20);

  private final ManualTime time = new ManualTime();
  private final Random random;
  private final MemoryBroker stored = new MemoryBroker(new Layout(1, 64, 1));
  private final List<Device> devices = new ArrayList<>();
  /** What was told about each command's id: its seq, or that it was refused for good. */
  private final Map<String, Long> told = new HashMap<>();
  private final Map<String, Command> sent = new LinkedHashMap<>();
  /** Where a command was sent to first. */
  private final Map<String, SimulatedRouter> sentTo = new HashMap<>();
  /** Commands that wait at one router while another one refuses them: a refusal is no event, so they may still be done. */
  private final Set<String> sentToSeveral = new HashSet<>();
  private final List<SimulatedRouter> routers = new ArrayList<>();
  /** Which router is said to own the shard; what is said is sometimes too early, and sometimes wrong. */
  private int owner;

  private int moves;

  /** A talk over so many routers. */
  RandomTalk(long seed, int count) {
    random = new Random(seed);
    for (int i = 0; i < count; i++) {
      routers.add(newRouter());
    }
    routers.getFirst().takeOver();
    for (String user : USERS) {
      devices.add(new Device(user));
    }
    devices.add(new Device(USERS.getFirst()));
  }

  private SimulatedRouter newRouter() {
    Duration ahead = routers.isEmpty() ? Duration.ZERO : Duration.ofMillis(random.nextInt(10_000) - 5_000);
    return new SimulatedRouter(new FaultyBroker(stored, time, random), time, random, ahead);
  }

  /** Talks for so many steps, comes to rest, and checks everything. */
  void run(int steps) {
    for (String conversation : CONVERSATIONS) {
      devices.getFirst().command(conversation, Say.group("bob", "cid"));
    }
    for (int step = 0; step < steps; step++) {
      devices.forEach(Device::step);
      for (int i = 0; i < routers.size(); i++) {
        disturb(i);
      }
      if (routers.size() > 1 && random.nextInt(60) == 0) {
        moveShard();
      }
      time.advance(STEP);
    }
    rest();
    check();
  }

  private void disturb(int index) {
    SimulatedRouter router = routers.get(index);
    if (random.nextInt(400) == 0) {
      kill(index);
      if (index == owner) {
        routers.get(index).takeOver();
      }
      return;
    }
    if (random.nextInt(300) == 0) {
      router.broker.connected = false;
    } else if (!router.broker.connected && random.nextInt(20) == 0) {
      router.broker.connected = true;
    }
    if (random.nextInt(150) == 0) {
      router.broker.stick(Duration.ofMillis(random.nextInt(4_000)));
    }
  }

  private void kill(int index) {
    SimulatedRouter router = routers.get(index);
    router.kill();
    devices.forEach(device -> device.lost(router));
    routers.set(index, newRouter());
  }

  /** The shard goes to another router: given away, or taken; or the one that is said to own it makes sure of that. */
  private void moveShard() {
    SimulatedRouter old = routers.get(owner);
    owner = random.nextInt(routers.size());
    SimulatedRouter next = routers.get(owner);
    if (next != old && random.nextBoolean()) {
      old.giveAway(position -> next.takeOver());
    } else {
      next.takeOver();
    }
  }

  /** One router is left, and the network is good. */
  private void rest() {
    SimulatedRouter last = routers.get(owner);
    for (int i = 0; i < routers.size(); i++) {
      if (i != owner) {
        kill(i);
      }
    }
    routers.removeIf(router -> router != last);
    last.broker.calm = true;
    last.broker.connected = true;
    for (int step = 0; step < 3_000 && !devices.stream().allMatch(Device::done); step++) {
      if (step % 500 == 0) {
        last.takeOver();
        // Whom another router's projections told of a conversation hears of it with the next list.
        devices.forEach(device -> device.lost(last));
      }
      devices.forEach(Device::rest);
      time.advance(STEP);
    }
  }

  // ------------------------------------------------------------------ what must hold

  private void check() {
    Map<String, List<Event>> log = readLog();
    Map<String, Long> seqOfId = new HashMap<>();
    log.forEach((conversation, events) -> {
      assertThat(events).extracting(Event::getSeq).isEqualTo(upTo(events.size()));
      for (Event event : events) {
        assertThat(seqOfId.put(event.getClientEventId(), event.getSeq())).as("an id that is stored twice").isNull();
      }
    });
    assertThat(sent).as("commands").containsOnlyKeys(told.keySet());
    told.forEach((id, seq) -> {
      if (seq != 0 || !sentToSeveral.contains(id)) {
        assertThat(seqOfId.getOrDefault(id, 0L)).as("the answer to " + id).isEqualTo(seq);
      }
    });
    for (Device device : devices) {
      for (String conversation : CONVERSATIONS) {
        device.check(conversation, log.getOrDefault(conversation, List.of()));
      }
    }
  }

  /** How often the shard went from one router to another. */
  int moves() {
    return moves;
  }

  /** The events of each conversation; each record must lie under the Owner record of its own term. */
  private Map<String, List<Event>> readLog() {
    Map<String, List<Event>> log = new HashMap<>();
    long tail = stored.shard(0).tail().join().position();
    Term term = Term.getDefaultInstance();
    Instant time = Instant.EPOCH;
    moves = 0;
    for (long position = 1; position <= tail; position++) {
      LogRecord record =
          Tenure.parse(Objects.requireNonNull(stored.shard(0).read(new long[] {position}).join().getFirst()));
      if (record.hasFiller()) {
        continue;
      }
      assertThat(Timestamps.toInstant(record.getTime())).as("the time at " + position).isAfterOrEqualTo(time);
      time = Timestamps.toInstant(record.getTime());
      if (record.hasOwner()) {
        assertThat(Terms.compare(record.getTerm(), term)).as("the term at " + position).isPositive();
        moves += record.getTerm().getIncarnation() == term.getIncarnation() ? 0 : 1;
        term = record.getTerm();
      } else {
        assertThat(record.getTerm()).as("the fence around " + position).isEqualTo(term);
        log.computeIfAbsent(record.getConversationId(), id -> new ArrayList<>())
            .addAll(new CommittedRecord(record, position, 0, null).events());
      }
    }
    return log;
  }

  private long head(String conversation) {
    StoredRecord newest = stored.shard(0).last(conversation).join();
    return newest == null ? 0 : new CommittedRecord(Tenure.parse(newest), newest.position(), 0, null).lastSeq();
  }

  private static List<Long> upTo(long last) {
    return LongStream.rangeClosed(1, last).boxed().toList();
  }

  private String newId() {
    long high = (time.millis() << 16) | 0x7000L | random.nextInt(1 << 12);
    return new UUID(high, (random.nextLong() >>> 2) | (0b10L << 62)).toString();
  }

  // ------------------------------------------------------------------ a client

  /** Where a device stands in a conversation, and the readable ranges it was told. */
  private static final class Place {
    final long first;
    long seq;
    Cursor cursor;
    Readable readable = new Readable(List.of());
    final Map<Long, Event> events = new LinkedHashMap<>();

    Place(long seq) {
      this.first = seq;
      this.seq = seq;
      this.cursor = Cursor.newBuilder().setSeq(seq).build();
    }
  }

  /** A device that keeps its cursors, and sends again what has no answer when it comes back. */
  private final class Device {
    private final String user;
    private final String name = "device " + devices.size();
    private final Map<String, Place> places = new HashMap<>();
    private final Map<String, Boolean> announced = new HashMap<>();
    private final Map<String, Command> open = new LinkedHashMap<>();
    private @Nullable Connection connection;
    private int away;

    Device(String user) {
      this.user = user;
    }

    void step() {
      Connection now = connection;
      if (now == null) {
        if (away-- <= 0) {
          connection = new Connection();
        }
      } else {
        now.step();
      }
      if (random.nextInt(12) == 0 && places.size() == CONVERSATIONS.size()) {
        talk();
      }
    }

    private void talk() {
      String conversation = CONVERSATIONS.get(random.nextInt(CONVERSATIONS.size()));
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
      } else if (what == 6 && connection != null) {
        connection.send(ClientFrame.newBuilder().setHeadsRequest(HeadsRequest.getDefaultInstance()));
      } else {
        command(conversation, Say.message("m" + sent.size()));
      }
    }

    void command(String conversation, Command.Builder what) {
      Command command = what.setConversationId(conversation).setClientEventId(newId()).build();
      sent.put(command.getClientEventId(), command);
      open.put(command.getClientEventId(), command);
      if (connection != null) {
        connection.send(ClientFrame.newBuilder().setCommand(command));
      }
    }

    void rest() {
      if (connection == null) {
        connection = new Connection();
      }
      connection.rest();
    }

    boolean done() {
      return connection != null
          && connection.live
          && open.isEmpty()
          && CONVERSATIONS.stream().allMatch(id -> places.containsKey(id) || !member(readLog().get(id)))
          && places.entrySet().stream().allMatch(place -> complete(place.getKey(), place.getValue()));
    }

    private boolean complete(String conversation, Place place) {
      return place.seq >= place.readable.previous(head(conversation));
    }

    void lost() {
      connection = null;
      away = random.nextInt(20);
    }

    void lost(SimulatedRouter router) {
      if (connection != null && connection.router == router) {
        lost();
      }
    }

    void check(String conversation, List<Event> log) {
      Place place = places.get(conversation);
      if (place == null) {
        assertThat(member(log)).as(name + " does not know " + conversation).isFalse();
        return;
      }
      long last = place.readable.previous(log.size());
      List<Long> expected =
          LongStream.rangeClosed(place.first + 1, last).filter(place.readable::contains).boxed().toList();
      assertThat(List.copyOf(place.events.keySet())).as(name + " of " + user).isEqualTo(expected);
      place.events.forEach((seq, event) -> {
        if (!log.get((int) (seq - 1)).getDeleted() && !event.getClientEventId().isEmpty()) {
          assertThat(event.getClientEventId()).isEqualTo(log.get((int) (seq - 1)).getClientEventId());
        }
      });
    }

    /** Whether the user is a member after these events. */
    private boolean member(@Nullable List<Event> events) {
      boolean member = false;
      for (Event event : events == null ? List.<Event>of() : events) {
        boolean own = event.getSenderId().equals(user);
        member =
            switch (event.getBodyCase()) {
              case CREATED -> own || event.getCreated().getMemberIdsList().contains(user);
              case MEMBERS_ADDED -> member || event.getMembersAdded().getUserIdsList().contains(user);
              case MEMBER_JOINED -> member || own;
              case MEMBER_LEFT -> member && !own;
              case MEMBER_REMOVED -> member && !event.getMemberRemoved().getUserId().equals(user);
              default -> member;
            };
      }
      return member;
    }

    // ---------------------------------------------------------------- one stream

    /** One stream, and what is on its way to the device. */
    private final class Connection implements SimulatedRouter.Client {
      private final ArrayDeque<EncodedFrame> inbox = new ArrayDeque<>();
      private final SimulatedRouter router = routers.get(random.nextInt(routers.size()));
      private final SimulatedRouter.Stream stream = router.connect(user, this);
      private boolean ready = true;
      private boolean live;
      private long processed;

      Connection() {
        announced.clear();
        send(ClientFrame.newBuilder().setHello(Hello.newBuilder().setDeviceId(name)));
        Cursors.Builder cursors = Cursors.newBuilder().setComplete(true);
        places.forEach((id, place) ->
            cursors.addCursors(ConversationCursor.newBuilder().setConversationId(id).setCursor(place.cursor)));
        send(ClientFrame.newBuilder().setCursors(cursors));
        open.values().forEach(command -> send(ClientFrame.newBuilder().setCommand(command)));
      }

      void send(ClientFrame.Builder frame) {
        String id = frame.getCommand().getClientEventId();
        SimulatedRouter first = sentTo.putIfAbsent(id, router);
        if (first != null && first != router) {
          sentToSeveral.add(id);
        }
        stream.does(session -> {
          if (!session.closed()) {
            session.frame(frame.build(), frame.build().getSerializedSize());
          }
        });
      }

      @Override
      public boolean ready() {
        return ready;
      }

      @Override
      public void frame(EncodedFrame frame) {
        inbox.addLast(frame);
      }

      @Override
      public void closed(@Nullable Refusal why) {
        if (connection == this) {
          lost();
        }
      }

      void step() {
        if (random.nextInt(10) == 0) {
          ready = !ready;
          stream.does(session -> session.ready());
        }
        if (random.nextInt(250) == 0) {
          lost();
          stream.does(session -> session.ended());
          return;
        }
        take(random.nextInt(6));
      }

      void rest() {
        if (!ready) {
          ready = true;
          stream.does(session -> session.ready());
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

      private void take(EncodedFrame encoded) {
        ServerFrame frame = parse(encoded);
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
          case RESET -> throw new AssertionError("this log never went back");
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

      private void announced(dev.parley.v1.Following following) {
        Place place =
            places.computeIfAbsent(following.getConversationId(), id -> new Place(following.getAfterSeq()));
        place.readable = new Readable(following.getReadableList());
        announced.put(following.getConversationId(), true);
        assertThat(place.readable.previous(following.getAfterSeq()))
            .as("where a known conversation goes on")
            .isEqualTo(place.readable.previous(place.seq));
      }

      private void event(String conversation, Event event, long position, Term term) {
        assertThat(announced).as("an event of a conversation").containsKey(conversation);
        Place place = Objects.requireNonNull(places.get(conversation));
        assertThat(event.getSeq())
            .as("the next event of " + conversation + " for " + name)
            .isEqualTo(place.readable.next(place.seq + 1));
        moved(place, event, position, term);
      }

      private void moved(Place place, Event event, long position, Term term) {
        place.seq = event.getSeq();
        place.cursor = Cursor.newBuilder().setSeq(place.seq).setPosition(position).setTerm(term).build();
        assertThat(place.events.put(place.seq, event)).isNull();
        boolean left = event.hasMemberLeft() && event.getSenderId().equals(user);
        boolean removed = event.hasMemberRemoved() && event.getMemberRemoved().getUserId().equals(user);
        // One who is behind may have been told already that the user came back later.
        boolean news = place.readable.open() && place.readable.ranges().getLast().getFirstSeq() <= place.seq;
        if ((left || removed) && news) {
          place.readable = place.readable.closedAt(place.seq);
        }
      }

      private void result(SendResult result) {
        String id = result.getClientEventId();
        Command command = Objects.requireNonNull(open.remove(id), "an answer to a command that waits for none");
        if (result.hasRefused()) {
          boolean later =
              result.getRefused().hasRetry()
                  || result.getRefused().getInfo().getReason().equals("INTERNAL");
          if (later) {
            open.put(id, command);
            time.after(Duration.ofMillis(300), () -> {
              if (connection == this && open.containsKey(id)) {
                send(ClientFrame.newBuilder().setCommand(command));
              }
            });
          } else {
            assertThat(told.put(id, 0L)).isNull();
          }
          return;
        }
        Cursor cursor = result.getStored().getCursor();
        assertThat(told.put(id, cursor.getSeq())).isNull();
        if (result.getStored().getRepeated()) {
          return;
        }
        Event.Builder own = Event.newBuilder().setSeq(cursor.getSeq()).setClientEventId(id).setSenderId(user);
        if (command.hasLeave()) {
          own.setMemberLeft(MemberLeft.getDefaultInstance());
        }
        Event event = own.build();
        String conversation = result.getConversationId();
        if (announced.containsKey(conversation)) {
          event(conversation, event, cursor.getPosition(), cursor.getTerm());
        } else if (!places.containsKey(conversation)) {
          Place place = new Place(cursor.getSeq() - 1);
          places.put(conversation, place);
          moved(place, event, cursor.getPosition(), cursor.getTerm());
        }
      }
    }
  }
}
