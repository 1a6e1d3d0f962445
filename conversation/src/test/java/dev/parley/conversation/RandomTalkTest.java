package dev.parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.internal.v1.LogRecord;
import dev.parley.v1.Command;
import dev.parley.v1.HistoryPolicy;
import dev.parley.v1.JoinPolicy;
import dev.parley.v1.Role;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random commands of random users, from fixed seeds. */
class RandomTalkTest {
  private static final List<String> USERS = List.of("ann", "bob", "cid", "dan", "eve");
  private static final int COMMANDS = 250;

  @Test
  void foldingTheRecordsGivesTheStateThatMadeThem() {
    Talk talk = randomTalk(1);

    ConversationState folded = ConversationState.absent(Talk.GROUP);
    for (LogRecord record : talk.records) {
      folded = folded.fold(record, Talk.position(record.getFirstSeq()), record.getSerializedSize());
    }

    assertThat(folded).isEqualTo(talk.state);
    assertThat(folded.toSnapshot()).isEqualTo(talk.state.toSnapshot());
  }

  @Test
  void aSnapshotHoldsTheWholeState() {
    Talk talk = randomTalk(2);

    ConversationState loaded = ConversationState.fromSnapshot(Talk.GROUP, talk.state.toSnapshot());

    assertThat(loaded).isEqualTo(talk.state);
    assertThat(loaded.tailEvents()).isZero();
    assertThat(loaded.tailBytes()).isZero();
  }

  @Test
  void countsAreThoseOfTheMembersAndEvents() {
    Talk talk = randomTalk(3);

    assertThat(talk.state.memberCount()).isEqualTo(talk.state.members().size());
    assertThat(talk.state.ownerCount())
        .isEqualTo((int) talk.state.members().stream().filter(m -> m.role() == Role.ROLE_OWNER).count());
    assertThat(talk.state.messageCount()).isEqualTo(talk.events.stream().filter(e -> e.hasMessage()).count());
    for (Membership user : talk.state.users()) {
      long readable = talk.events.stream()
          .filter(event -> event.hasMessage() && user.canRead(event.getSeq()))
          .count();
      assertThat(talk.state.unread(user.userId(), 0, 0)).isEqualTo(readable);
    }
  }

  private static Talk randomTalk(long seed) {
    Random random = new Random(seed);
    Talk talk = Talk.group(HistoryPolicy.HISTORY_POLICY_FROM_JOIN, JoinPolicy.JOIN_POLICY_OPEN, "bob");
    for (int i = 0; i < COMMANDS; i++) {
      talk.later(Duration.ofMillis(random.nextInt(4_000)));
      String user = any(random);
      talk.decide(talk.request(user, command(random, user, talk.state.headSeq())));
    }
    assertThat(talk.events.size()).isGreaterThan(COMMANDS / 4);
    return talk;
  }

  private static Command.Builder command(Random random, String user, long head) {
    long seq = 1 + random.nextLong(head + 1);
    return switch (random.nextInt(12)) {
      case 0 -> Commands.edit(seq, "edited");
      case 1 -> Commands.delete(seq);
      case 2 -> Commands.react(seq);
      case 3 -> Commands.add(any(random));
      case 4 -> Commands.remove(user.equals("dan") ? "eve" : "dan");
      case 5 -> Commands.join();
      // Ann stays, so that there always is somebody who adds the others again.
      case 6 -> user.equals("ann") ? Commands.message("I stay") : Commands.leave();
      case 7 -> Commands.role(USERS.get(1 + random.nextInt(4)), Role.forNumber(1 + random.nextInt(3)));
      case 8 -> Commands.rename("title " + seq);
      default -> Commands.message("text " + seq);
    };
  }

  private static String any(Random random) {
    return USERS.get(random.nextInt(USERS.size()));
  }
}
