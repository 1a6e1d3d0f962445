package dev.parley.router.shard;

import dev.parley.chassis.telemetry.Traced;
import dev.parley.conversation.ConversationState;
import dev.parley.conversation.Decision;
import dev.parley.conversation.Request;
import dev.parley.router.shard.ConversationEntry.Work;
import dev.parley.v1.Event;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What was decided in one turn of a conversation: the events of one record, and what to tell whom when it is stored. */
final class Batch {
  final List<Event> events = new ArrayList<>();
  /** The commands that made the events, one each. */
  final List<Work> works = new ArrayList<>();
  /** All commands that were decided, in order of arrival. */
  final List<Outcome> outcomes = new ArrayList<>();
  /** Commands that were refused for good for the first time. */
  final List<Request> newlyRefused = new ArrayList<>(0);
  /** The state with all events. */
  ConversationState provisional;
  /** Follows the record that is made of it; null: none does. */
  @Nullable Traced span;
  /** The size of the commands that made the events. */
  int bytes;

  /** A command and what was decided. */
  record Outcome(Work work, Decision decision) {}

  Batch(ConversationState state) {
    this.provisional = state;
  }

  void add(Work work, Decision decision, Instant now) {
    outcomes.add(new Outcome(work, decision));
    if (decision instanceof Decision.Append append) {
      provisional = provisional.with(append.event(), work.request.fingerprint(), work.request.bodyHash(), now);
      events.add(append.event());
      works.add(work);
      bytes += work.bytes;
    }
  }
}
