package dev.parley.cli.stack;

import static dev.parley.cli.stack.Deeds.assertRefused;
import static dev.parley.cli.stack.Deeds.command;
import static dev.parley.cli.stack.Deeds.get;
import static dev.parley.cli.stack.Deeds.missAndComeBack;
import static dev.parley.cli.stack.Deeds.sendMany;
import static dev.parley.cli.stack.Deeds.writer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.sdk.SessionOptions;
import dev.parley.v1.Command;
import dev.parley.v1.CreateConversation;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.HistoryPolicy;
import dev.parley.v1.Message;
import dev.parley.v1.RenameConversation;
import dev.parley.v1.Role;
import dev.parley.v1.SetMemberRole;
import dev.parley.v1.Stored;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people do when they are connected to different routers. */
class RoutersIT {
  private static final SessionOptions PHONE = SessionOptions.forDevice("phone");

  @TempDir static Path data;
  private static LiveStack parley;

  @BeforeAll
  static void start() throws Exception {
    parley = new LiveStack(data, 2, 0);
  }

  @AfterAll
  static void stop() throws Exception {
    parley.close();
  }

  @Test
  void twoUsersOnTwoRoutersWriteEditDeleteReactTypeAndRead() throws Exception {
    Device ann = parley.connectThroughEdgeTo(1, "talk-ann", PHONE);
    Device ben = parley.connectThroughEdgeTo(2, "talk-ben", PHONE);
    String id = get(ann.session().createDirect("talk-ben"));
    ben.heard().awaitSeq(id, 1);

    long first = get(ann.session().sendText(id, "helo")).getCursor().getSeq();
    get(ann.session().edit(id, first, "hello"));
    get(ben.session().react(id, first, "+1", false));
    long secret = get(ben.session().sendText(id, "a secret")).getCursor().getSeq();
    get(ben.session().delete(id, secret));
    assertRefused(ben.session().edit(id, first, "not mine"), ErrorReason.ERROR_REASON_EVENT_NOT_EDITABLE);

    ben.heard().awaitSeq(id, 6);
    ann.heard().awaitSeq(id, 6);
    assertThat(ben.heard().in(id).stream().map(Event::getBodyCase))
        .containsExactly(
            Event.BodyCase.CREATED,
            Event.BodyCase.MESSAGE,
            Event.BodyCase.EDIT,
            Event.BodyCase.REACTION,
            Event.BodyCase.MESSAGE,
            Event.BodyCase.DELETION);
    assertThat(ann.heard().in(id)).isEqualTo(ben.heard().in(id));

    ann.session().typing(id);
    await().untilAsserted(() -> assertThat(ben.heard().typings).isNotEmpty());
    ben.session().typing(id);
    await().untilAsserted(() -> assertThat(ann.heard().typings).isNotEmpty());
    ben.session().markRead(id, secret);
    await().untilAsserted(() -> assertThat(ann.heard().receipts).anySatisfy(receipt -> {
      assertThat(receipt.getUserId()).isEqualTo("talk-ben");
      assertThat(receipt.getReadSeq()).isEqualTo(secret);
    }));
  }

  @Test
  void aGroupWithRolesIsTheSameOnAllRouters() throws Exception {
    Device owner = parley.connectTo(1, "group-owner", PHONE);
    Device admin = parley.connectTo(2, "group-admin", PHONE);
    Device member = parley.connectTo(2, "group-member", PHONE);
    String id = get(owner.session().createGroup("plans", List.of("group-admin", "group-member")));
    admin.heard().awaitSeq(id, 1);
    assertRefused(rename(admin, id), ErrorReason.ERROR_REASON_ROLE_NOT_ALLOWED);
    SetMemberRole role = SetMemberRole.newBuilder().setUserId("group-admin").setRole(Role.ROLE_ADMIN).build();
    get(owner.session().send(command(owner, id).setSetRole(role).build()));
    get(rename(admin, id));
    assertRefused(rename(member, id), ErrorReason.ERROR_REASON_ROLE_NOT_ALLOWED);

    owner.heard().awaitSeq(id, 3);
    admin.heard().awaitSeq(id, 3);
    member.heard().awaitSeq(id, 3);
    assertThat(owner.heard().in(id)).isEqualTo(member.heard().in(id)).isEqualTo(admin.heard().in(id));
  }

  private static CompletableFuture<Stored> rename(Device device, String id) {
    return device.session()
        .send(command(device, id).setRename(RenameConversation.newBuilder().setTitle("our plans")).build());
  }

  @Test
  void whoWasAwayComesBackThroughTheOtherRouterDuringLoadAndGetsExactlyWhatItMissed() throws Exception {
    for (int missed : List.of(10, 10_000)) {
      String user = "away-reader-" + missed;
      Device writer = parley.connectTo(1, "away-writer-" + missed, writer());
      Device reader = parley.connectTo(1, user, PHONE);
      String id = get(writer.session().createDirect(user));
      missAndComeBack(writer, reader, id, missed, options -> parley.connectTo(2, user, options));
    }
  }

  @Test
  void theSameIdThroughTheOtherRouterGivesTheSameSeqAtOnceAndAfterTwoThousandMessages() throws Exception {
    Device here = parley.connectTo(1, "retry-writer", writer());
    Device there = parley.connectTo(2, "retry-writer", PHONE);
    String id = get(here.session().createDirect("retry-reader"));
    Command once = command(here, id).setMessage(Message.newBuilder().setText("only once")).build();
    Command other = once.toBuilder().setMessage(Message.newBuilder().setText("another")).build();
    long seq = get(here.session().send(once)).getCursor().getSeq();

    // Until the event is there, an answer would stand in for it, and that is no repetition on that stream.
    there.heard().awaitSeq(id, seq);
    assertRepeated(there, once, other, seq);
    sendMany(here, id, 2_000);
    assertRepeated(there, once, other, seq);
    assertRepeated(here, once, other, seq);
  }

  private static void assertRepeated(Device device, Command once, Command other, long seq) throws Exception {
    Stored again = get(device.session().send(once));
    assertThat(again.getCursor().getSeq()).isEqualTo(seq);
    assertThat(again.getRepeated()).isTrue();
    assertRefused(device.session().send(other), ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_CONFLICT);
  }

  @Test
  void aRemovalOnOneRouterEndsDeliveryOnTheOtherInOrder() throws Exception {
    Device owner = parley.connectTo(1, "out-owner", writer());
    Device eve = parley.connectTo(2, "out-eve", PHONE);
    CreateConversation group =
        CreateConversation.newBuilder()
            .setTitle("secrets")
            .setHistoryPolicy(HistoryPolicy.HISTORY_POLICY_FROM_JOIN)
            .addMemberIds("out-eve")
            .build();
    String id = get(owner.session().createGroup(group));
    eve.heard().awaitSeq(id, 1);
    sendMany(owner, id, 100);
    long removal = get(owner.session().removeMember(id, "out-eve")).getCursor().getSeq();
    sendMany(owner, id, 100);
    eve.heard().awaitSeq(id, removal);
    assertRefused(eve.session().sendText(id, "let me in"), ErrorReason.ERROR_REASON_NOT_A_MEMBER);
    long back = get(owner.session().addMembers(id, List.of("out-eve"))).getCursor().getSeq();

    // What comes next after the removal shows that nothing came between.
    eve.heard().awaitSeq(id, back);
    assertThat(eve.heard().seqs(id))
        .isEqualTo(LongStream.concat(LongStream.rangeClosed(1, removal), LongStream.of(back)).boxed().toList());
  }
}
