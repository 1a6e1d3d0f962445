package dev.parley.conversation.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.conversation.Commands;
import dev.parley.conversation.ConversationState;
import dev.parley.conversation.Decision;
import dev.parley.conversation.Facts;
import dev.parley.conversation.Facts.Search;
import dev.parley.conversation.Membership;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.RefusedException;
import dev.parley.conversation.Request;
import dev.parley.conversation.Talk;
import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.internal.v1.LogRecord;
import dev.parley.v1.Attachment;
import dev.parley.v1.Command;
import dev.parley.v1.Event;
import dev.parley.v1.HistoryPolicy;
import dev.parley.v1.JoinPolicy;
import dev.parley.v1.Message;
import dev.parley.v1.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Random commands of random users, from fixed seeds. First, since it goes through nearly everything. */
@Order(1)
class RandomTalkTest {
  private static final List<String> USERS = List.of("ann", "bob", "cid", "dan", "eve");
  private static final int COMMANDS = 400;

  @Test
  void everythingIsThereAgainInTheRecordsAndInASnapshot() {
    for (long seed = 1; seed <= 4; seed++) {
      Map<Request, Long> stored = new LinkedHashMap<>();
      Talk talk = seed % 2 == 0 ? Talk.direct("ann", "bob") : openGroup();
      talkAtRandom(talk, new Random(seed), stored);
      theRecordsFoldToTheStateThatMadeThem(talk);
      aSnapshotHoldsTheWholeState(talk);
      countsAreThoseOfTheMembersAndEvents(talk);
      theLogTellsItAll(talk);
      eachCommandSentAgainGivesItsSeq(talk, stored);
    }
  }

  private static void eachCommandSentAgainGivesItsSeq(Talk talk, Map<Request, Long> stored) {
    stored.forEach((request, seq) -> {
      Decision decision = talk.decide(request);
      if (decision instanceof Decision.NeedsSearch) {
        talk.facts = Facts.NONE.withSearch(new Search.Found(seq, request.bodyHash()));
        decision = talk.decide(request);
      }
      Talk.assertRepeated(decision, seq);

      Command another = request.command().toBuilder().setMessage(Message.newBuilder().setText("another")).build();
      Refusal conflict = Talk.refusal(talk.decide(Request.of(request.userId(), another)));
      assertThat(conflict.metadata().get("seq")).isEqualTo(Long.toString(seq));
      talk.facts = Facts.NONE;
    });
  }

  private static void theLogTellsItAll(Talk talk) {
    String id = talk.state.conversationId();
    MemoryBroker broker = new MemoryBroker(new Layout(1, 1, 1));
    ShardLog log = broker.shard(0);
    for (LogRecord record : talk.records) {
      long position = Talk.position(record.getFirstSeq());
      log.append(id, record.toByteArray(), appendOthersUpTo(log, position - 1)).join();
    }

    StateLoader loader = new StateLoader(log, broker.table(TableName.SNAPSHOTS));
    assertThat(loader.load(id).join()).isEqualTo(talk.state);
    loader.save(talk.state).join();
    assertThat(loader.load(id).join()).isEqualTo(talk.state);

    HistoryReader reader = new HistoryReader(log);
    LogRecord first = talk.records.getFirst();
    assertThat(reader.find(id, talk.state.pages(), 1).join()).isEqualTo(talk.events.getFirst());
    assertThat(
            reader.search(
                id, talk.state.pages(), first.getFingerprints(0), Talk.START, talk.state.headSeq()).join())
        .isEqualTo(new Search.Found(1, first.getBodyHashes(0)));
  }

  private static long appendOthersUpTo(ShardLog log, long position) {
    long last = log.tail().join().position();
    while (last < position) {
      last = log.append("other", new byte[0], last).join();
    }
    return last;
  }

  private static void theRecordsFoldToTheStateThatMadeThem(Talk talk) {
    ConversationState folded = ConversationState.absent(talk.state.conversationId());
    for (LogRecord record : talk.records) {
      folded = folded.fold(record, Talk.position(record.getFirstSeq()), record.getSerializedSize());
    }

    assertThat(folded).isEqualTo(talk.state);
    assertThat(folded.toSnapshot()).isEqualTo(talk.state.toSnapshot());
  }

  private static void aSnapshotHoldsTheWholeState(Talk talk) {
    ConversationState loaded = ConversationState.fromSnapshot(talk.state.conversationId(), talk.state.toSnapshot());

    assertThat(loaded).isEqualTo(talk.state);
    assertThat(loaded.tailEvents()).isZero();
    assertThat(loaded.tailBytes()).isZero();
  }

  private static void countsAreThoseOfTheMembersAndEvents(Talk talk) {
    assertThat(talk.events).hasSize((int) talk.state.headSeq());
    assertThat(membersInPages(talk.state)).containsExactlyElementsOf(talk.memberIds());
    assertThat(talk.state.ownerCount())
        .isEqualTo((int) talk.state.members().stream().filter(m -> m.role() == Role.ROLE_OWNER).count());
    assertThat(talk.state.messageCount()).isEqualTo(talk.events.stream().filter(e -> e.hasMessage()).count());
    for (Membership user : talk.state.users()) {
      long readable = talk.events.stream()
          .filter(event -> event.hasMessage() && user.canRead(event.getSeq()))
          .count();
      assertThat(talk.state.unread(user.userId(), 0, 0)).isEqualTo(readable);
      assertThat(talk.state.describe(user.userId(), 0, 0).getUnreadCount()).isEqualTo(readable);
    }
  }

  private static List<String> membersInPages(ConversationState state) {
    List<String> ids = new ArrayList<>();
    for (var page = state.members("", 2); !page.isEmpty(); page = state.members(ids.getLast(), 2)) {
      page.forEach(member -> ids.add(member.userId()));
    }
    return ids;
  }

  private static Talk openGroup() {
    return Talk.group(HistoryPolicy.HISTORY_POLICY_FROM_JOIN, JoinPolicy.JOIN_POLICY_OPEN, "bob");
  }

  private static void talkAtRandom(Talk talk, Random random, Map<Request, Long> stored) {
    for (int i = 0; i < COMMANDS; i++) {
      talk.later(Duration.ofMillis(random.nextInt(4_000)));
      String user = any(random);
      if (random.nextInt(20) == 0) {
        Command.Builder invalid = random.nextBoolean() ? Commands.rename("é".repeat(200)) : Commands.edit(1, "");
        assertThatThrownBy(() -> talk.request(user, invalid)).isInstanceOf(RefusedException.class);
      }
      Request request = talk.request(user, command(random, user, talk.state.headSeq()));
      if (talk.decide(request) instanceof Decision.Append(Event event)) {
        Talk.assertRepeated(talk.decide(request), event.getSeq());
        stored.put(request, event.getSeq());
      }
    }
    assertThat(talk.events.size()).isGreaterThan(COMMANDS / 8);
  }

  private static Command.Builder command(Random random, String user, long head) {
    long seq = 1 + random.nextLong(head + 1);
    return switch (random.nextInt(15)) {
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
      case 9 -> Commands.reply(seq, "answer");
      default -> Command.newBuilder().setMessage(rich("text " + seq));
    };
  }

  private static Message rich(String text) {
    return Message.newBuilder()
        .setText(text)
        .putMetadata("client", "phone")
        .addAttachments(Attachment.newBuilder().setUri("https://example.org/a.png"))
        .build();
  }

  private static String any(Random random) {
    return USERS.get(random.nextInt(USERS.size()));
  }
}
