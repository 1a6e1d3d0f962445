package dev.parley.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.sdk.ParleyException;
import dev.parley.sdk.SessionListener;
import dev.parley.sdk.SessionState;
import dev.parley.sdk.Violation;
import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import dev.parley.v1.Following;
import dev.parley.v1.Presence;
import dev.parley.v1.Receipt;
import dev.parley.v1.Reset;
import dev.parley.v1.Room;
import dev.parley.v1.Typing;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Remembers what a session heard. */
public final class Recorder implements SessionListener {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  public final Map<String, List<Event>> events = new ConcurrentHashMap<>();
  public final Map<String, Cursor> cursors = new ConcurrentHashMap<>();
  public final List<Receipt> receipts = new CopyOnWriteArrayList<>();
  public final List<Typing> typings = new CopyOnWriteArrayList<>();
  public final List<Presence> presences = new CopyOnWriteArrayList<>();
  public final List<Room> rooms = new CopyOnWriteArrayList<>();
  public final Map<String, Following> following = new ConcurrentHashMap<>();
  public final List<Reset> resets = new CopyOnWriteArrayList<>();
  public final List<ParleyException> errors = new CopyOnWriteArrayList<>();
  public final List<Violation> violations = new CopyOnWriteArrayList<>();
  public final List<SessionState> states = new CopyOnWriteArrayList<>();
  public final AtomicInteger caughtUp = new AtomicInteger();

  @Override
  public void onEvent(String conversationId, Event event, Cursor cursor) {
    events.computeIfAbsent(conversationId, id -> new CopyOnWriteArrayList<>()).add(event);
    cursors.put(conversationId, cursor);
  }

  @Override
  public void onReceipt(Receipt receipt) {
    receipts.add(receipt);
  }

  @Override
  public void onTyping(Typing typing) {
    typings.add(typing);
  }

  @Override
  public void onPresence(Presence presence) {
    presences.add(presence);
  }

  @Override
  public void onRoom(Room room) {
    rooms.add(room);
  }

  @Override
  public void onFollowing(Following begun) {
    following.put(begun.getConversationId(), begun);
  }

  @Override
  public void onCaughtUp() {
    caughtUp.incrementAndGet();
  }

  @Override
  public void onReset(Reset reset) {
    resets.add(reset);
  }

  @Override
  public void onError(ParleyException error) {
    errors.add(error);
  }

  @Override
  public void onState(SessionState state, @Nullable ParleyException cause) {
    // Who has seen the state looks for the cause.
    if (cause != null) {
      errors.add(cause);
    }
    states.add(state);
  }

  @Override
  public void onViolation(Violation violation) {
    violations.add(violation);
  }

  public List<Event> in(String conversationId) {
    return events.getOrDefault(conversationId, List.of());
  }

  public Cursor cursor(String conversationId) {
    return cursors.getOrDefault(conversationId, Cursor.getDefaultInstance());
  }

  public List<Long> seqs(String conversationId) {
    return in(conversationId).stream().map(Event::getSeq).toList();
  }

  public List<String> texts(String conversationId) {
    return in(conversationId).stream().filter(Event::hasMessage).map(event -> event.getMessage().getText()).toList();
  }

  public void awaitCaughtUp() {
    await().atMost(PATIENCE).until(() -> caughtUp.get() > 0);
  }

  /** Waits until this event was heard, and checks that no promise about order was broken. */
  public void awaitSeq(String conversationId, long seq) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(violations).isEmpty();
              assertThat(in(conversationId)).isNotEmpty();
              assertThat(in(conversationId).getLast().getSeq()).isGreaterThanOrEqualTo(seq);
            });
  }
}
