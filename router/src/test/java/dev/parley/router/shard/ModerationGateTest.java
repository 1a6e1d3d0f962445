package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.RefusedException;
import dev.parley.conversation.Request;
import dev.parley.router.moderation.Moderation;
import dev.parley.router.moderation.Moderation.Verdict;
import dev.parley.v1.Command;
import dev.parley.v1.Deletion;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ModerationGateTest {
  private static final String C = "018f0000-0000-7000-8000-000000000001";
  private static final String OTHER = "018f0000-0000-7000-8000-000000000002";

  private final Map<String, CompletableFuture<Verdict>> asked = new HashMap<>();
  private final List<String> done = new ArrayList<>();
  private final ModerationGate gate =
      new ModerationGate(
          (user, conversation, command) ->
              asked.computeIfAbsent(command.getMessage().getText(), text -> new CompletableFuture<>()),
          Runnable::run);
  private int ids;

  private void say(String user, String conversation, String text) throws RefusedException {
    pass(gate, user, command(conversation).setMessage(Message.newBuilder().setText(text)), text);
  }

  private Command.Builder command(String conversation) {
    return Command.newBuilder()
        .setConversationId(conversation)
        .setClientEventId(new UUID(0x018f000000007000L, 0x8000000000000000L + ids++).toString());
  }

  private void pass(ModerationGate through, String user, Command.Builder command, String name) throws RefusedException {
    through.pass(
        Request.of(user, command.build()), () -> done.add(name), refusal -> done.add(name + " " + refusal.reason()));
  }

  private void decide(String text, Verdict verdict) {
    Objects.requireNonNull(asked.get(text)).complete(verdict);
  }

  @Test
  void whatIsAllowedGoesOnAndWhatIsNotIsRefused() throws Exception {
    say("alice", C, "fine");
    say("alice", C, "rude");
    assertThat(done).isEmpty();

    decide("fine", new Verdict.Allowed());
    decide("rude", new Verdict.Refused("be kind"));
    assertThat(done).containsExactly("fine", "rude " + ErrorReason.ERROR_REASON_MODERATED);
  }

  @Test
  void verdictsThatComeOutOfOrderChangeNoOrder() throws Exception {
    say("alice", C, "first");
    say("alice", C, "second");
    say("bob", C, "bob's");
    say("alice", OTHER, "elsewhere");

    decide("second", new Verdict.Allowed());
    decide("bob's", new Verdict.Allowed());
    decide("elsewhere", new Verdict.Allowed());
    assertThat(done).containsExactly("bob's", "elsewhere");
    decide("first", new Verdict.Unavailable());
    assertThat(done)
        .containsExactly(
            "bob's", "elsewhere", "first " + ErrorReason.ERROR_REASON_MODERATION_UNAVAILABLE, "second");
  }

  @Test
  void whatSaysNothingIsNotAskedAboutButKeepsItsPlace() throws Exception {
    pass(gate, "alice", command(C).setDeletion(Deletion.newBuilder().setTargetSeq(1)), "before");
    say("alice", C, "words");
    pass(gate, "alice", command(C).setDeletion(Deletion.newBuilder().setTargetSeq(1)), "behind");

    assertThat(done).containsExactly("before");
    decide("words", new Verdict.Allowed());
    assertThat(done).containsExactly("before", "words", "behind");
    pass(gate, "alice", command(C).setDeletion(Deletion.newBuilder().setTargetSeq(1)), "after");
    assertThat(done).endsWith("after");
  }

  @Test
  void whereNobodyIsAskedNothingWaits() throws Exception {
    pass(
        new ModerationGate(Moderation.NONE, Runnable::run),
        "alice",
        command(C).setMessage(Message.newBuilder().setText("hi")),
        "hi");

    assertThat(done).containsExactly("hi");
  }
}
