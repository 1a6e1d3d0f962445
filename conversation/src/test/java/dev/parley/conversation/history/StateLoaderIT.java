package dev.parley.conversation.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.Commands;
import dev.parley.conversation.ConversationState;
import dev.parley.conversation.Talk;
import dev.parley.conversation.log.Table;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class StateLoaderIT {
  private static final Duration ONCE = Duration.ZERO;

  private final FakeLog log = new FakeLog();
  private final StateLoader loader = new StateLoader(log, log, new ReadRetry(2, Duration.ZERO));
  private final Talk talk = Talk.group("bob");

  @Test
  void aConversationThatWasNeverWrittenIsAbsent() {
    assertThat(loader.load(Talk.GROUP).join().exists()).isFalse();
  }

  @Test
  void withoutASnapshotEverythingIsFoldedBackToTheFirstRecord() {
    say(70);

    assertThat(loader.load(Talk.GROUP).join()).isEqualTo(talk.state);
  }

  @Test
  void withASnapshotOnlyTheTailIsRead() {
    say(100);
    loader.save(talk.state).join();
    say(3);
    log.reads = 0;

    assertThat(loader.load(Talk.GROUP).join()).isEqualTo(talk.state);
    // The record that the snapshot names, and two before the head.
    assertThat(log.reads).isEqualTo(3);
  }

  @Test
  void theLastTwoSnapshotsAreKept() {
    say(1);
    loader.save(talk.state).join();
    say(1);
    ConversationState second = talk.state;
    loader.save(second).join();
    say(1);
    loader.save(talk.state).join();

    assertThat(log.entries.keySet()).containsExactlyInAnyOrder(Talk.GROUP + ".a", Talk.GROUP + ".b");
    assertThat(snapshot(".b").value()).isEqualTo(second.toSnapshot().toByteArray());
  }

  @Test
  void anOlderSnapshotNeverReplacesANewerOne() {
    say(1);
    ConversationState old = talk.state;
    say(1);
    loader.save(talk.state).join();

    loader.save(old).join();

    assertThat(log.entries.keySet()).containsExactly(Talk.GROUP + ".a");
  }

  @Test
  void aSnapshotThatTheLogDoesNotConfirmDoesNotCount() {
    say(5);
    ConversationState restored = talk.state;
    say(5);
    loader.save(talk.state).join();
    for (int i = 0; i < 5; i++) {
      log.records.remove(Talk.position(talk.state.headSeq() - i));
    }
    log.put(restored.headPosition(), talk.records.get((int) restored.headSeq() - 1).toByteArray());

    assertThat(loader.load(Talk.GROUP).join()).isEqualTo(restored);
  }

  @Test
  void aSnapshotWhoseRecordWasTrimmedCountsIfTheNextRecordFollowsIt() {
    say(100);
    loader.save(talk.state).join();
    ConversationState saved = talk.state;
    say(3);
    log.trim(Talk.position(saved.headSeq() + 1)).join();

    assertThat(loader.load(Talk.GROUP).join()).isEqualTo(talk.state);
    log.put(Talk.GROUP + ".b", strange(saved), 0).join();
    assertThat(loader.load(Talk.GROUP).join()).isEqualTo(talk.state);
  }

  /** A snapshot of a log that went back, which claims to be the newer one. */
  private static byte[] strange(ConversationState saved) {
    return saved.toSnapshot().toBuilder().setPosition(saved.headPosition() + 1).build().toByteArray();
  }

  @Test
  void aConversationOfWhichNothingIsLeftIsWhatItsSnapshotSays() {
    say(10);
    loader.save(talk.state).join();
    log.trim(talk.state.headPosition() + 1).join();

    assertThat(loader.load(Talk.GROUP).join()).isEqualTo(talk.state);
  }

  @Test
  void aConversationThatWasTrimmedFurtherThanItsSnapshotReachesCannotBeLoaded() {
    say(10);
    log.trim(Talk.position(5)).join();
    assertThat(loader.load(Talk.GROUP)).failsWithin(ONCE).withThrowableThat().withCauseInstanceOf(UncoveredException.class);

    loader.save(talk.state).join();
    say(10);
    log.trim(talk.state.headPosition() - 1).join();
    assertThat(loader.load(Talk.GROUP)).failsWithin(ONCE).withThrowableThat().withCauseInstanceOf(UncoveredException.class);
  }

  @Test
  void aSnapshotThatCannotBeReadDoesNotCount() {
    say(5);
    log.put(Talk.GROUP + ".a", new byte[] {1, 2, 3}, 0).join();

    assertThat(loader.load(Talk.GROUP).join()).isEqualTo(talk.state);
    loader.save(talk.state).join();
    assertThat(snapshot(".a").revision()).isEqualTo(2);
  }

  @Test
  void aSnapshotIsDueWhenTheTailIsLongAndLarge() {
    say(254);
    assertThat(StateLoader.snapshotDue(talk.state)).isFalse();
    say(1);
    assertThat(talk.state.tailEvents()).isEqualTo(256);
    assertThat(StateLoader.snapshotDue(talk.state))
        .isEqualTo(talk.state.tailBytes() >= 4 * talk.state.estimatedSnapshotBytes());

    ConversationState saved = talk.state.withSnapshot(loader.save(talk.state).join());

    assertThat(saved.tailEvents()).isZero();
    assertThat(StateLoader.snapshotDue(saved)).isFalse();
  }

  private Table.Entry snapshot(String suffix) {
    return Objects.requireNonNull(log.entries.get(Talk.GROUP + suffix));
  }

  private void say(int messages) {
    for (int i = 0; i < messages; i++) {
      talk.done("bob", Commands.message("m"));
    }
    talk.records.forEach(record -> log.put(Talk.position(record.getFirstSeq()), record.toByteArray()));
  }
}
