package dev.parley.sdk;

import static dev.parley.sdk.ScriptedSession.A;
import static dev.parley.sdk.ScriptedSession.B;
import static dev.parley.sdk.ScriptedSession.HEARTBEAT;
import static dev.parley.sdk.ScriptedSession.events;
import static dev.parley.sdk.ScriptedSession.following;
import static dev.parley.sdk.ScriptedSession.heads;
import static dev.parley.sdk.ScriptedSession.reconnect;
import static dev.parley.sdk.ScriptedSession.stored;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.v1.ClientFrame;
import dev.parley.v1.Command;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * A session in two conversations whose streams are cut and handed over at random, all from one seed: with others who
 * write, commands of its own, and answers that are lost.
 */
final class RandomSession {
  /** Longer than any talk takes: what has no answer is sent again until it has one. */
  private static final long NO_TIMEOUT = Long.MAX_VALUE / 2;

  private final Random random;
  private final ScriptedSession session = ScriptedSession.live();
  private final Map<String, Long> log = new HashMap<>(Map.of(A, 0L, B, 0L));
  private final Map<String, Long> seqOfId = new HashMap<>();
  private final List<CompletableFuture<Answer>> answers = new ArrayList<>();
  /** The stream that the server speaks on, and how many of its commands the server has taken. */
  private int stream = session.newest;
  private int taken;

  RandomSession(long seed) {
    random = new Random(seed);
  }

  /** Goes on for so many steps, answers what is open, and checks what was heard. */
  void run(int steps) {
    for (int step = 0; step < steps; step++) {
      switch (random.nextInt(12)) {
        case 0 -> cut();
        case 1 -> handOver();
        case 2 -> heartbeat();
        case 3, 4, 5 -> answers.add(session.send(any(), "c" + answers.size(), NO_TIMEOUT));
        case 6, 7 -> answer();
        default -> somebodyWrites(any());
      }
    }
    answer();
    check();
  }

  private void check() {
    assertThat(session.violations).isEmpty();
    assertThat(session.state).isEqualTo(SessionState.LIVE);
    for (CompletableFuture<Answer> answer : answers) {
      assertThat(answer.state()).isEqualTo(Future.State.SUCCESS);
    }
    checkHeard("A", log.getOrDefault(A, 0L));
    checkHeard("B", log.getOrDefault(B, 0L));
  }

  private void checkHeard(String conversation, long last) {
    List<String> expected = new ArrayList<>();
    for (long seq = 1; seq <= last; seq++) {
      expected.add(conversation + seq);
    }
    List<String> heard = new ArrayList<>(session.heard);
    heard.removeIf(event -> !event.startsWith(conversation));
    assertThat(heard).isEqualTo(expected);
  }

  // ------------------------------------------------------------------ the server

  private void somebodyWrites(String conversation) {
    session.says(stream, events(conversation, next(conversation)));
  }

  private void answer() {
    for (Command command = take(); command != null; command = take()) {
      boolean repeated = seqOfId.containsKey(command.getClientEventId());
      session.says(stream, stored(command.getClientEventId(), command.getConversationId(), store(command), repeated));
    }
  }

  /** The next command of the stream; null: there is none. */
  private @Nullable Command take() {
    List<ClientFrame> commands = session.sentOn(stream, ClientFrame.FrameCase.COMMAND);
    return taken < commands.size() ? commands.get(taken++).getCommand() : null;
  }

  private long store(Command command) {
    return seqOfId.computeIfAbsent(command.getClientEventId(), id -> next(command.getConversationId()));
  }

  private void heartbeat() {
    long digest = 0;
    for (Map.Entry<String, Long> head : log.entrySet()) {
      digest ^= HeadHash.of(UUID.fromString(head.getKey()), head.getValue());
    }
    session.says(stream, heads(digest));
    session.pass(HEARTBEAT / 2);
  }

  /** Some of what is on its way to the server is stored, but its answer is lost. */
  private void cut() {
    for (Command command = take(); command != null && random.nextBoolean(); command = take()) {
      store(command);
    }
    session.cut(stream);
    while (session.newest == stream) {
      session.pass(100);
    }
    resume();
  }

  /** The old stream goes on until the new one is opened. */
  private void handOver() {
    session.says(stream, reconnect("DRAINING", 0));
    session.pass(1);
    somebodyWrites(any());
    resume();
  }

  private void resume() {
    stream = session.newest;
    taken = 0;
    session.accept();
    for (Map.Entry<String, Long> head : log.entrySet()) {
      long after = Math.max(0, session.cursorOn(stream, head.getKey()));
      session.says(following(head.getKey(), after));
      for (long seq = after + 1; seq <= head.getValue(); seq++) {
        session.says(events(head.getKey(), seq));
      }
    }
    session.complete();
  }

  private long next(String conversation) {
    return log.merge(conversation, 1L, Long::sum);
  }

  private String any() {
    return random.nextBoolean() ? A : B;
  }
}
