package dev.parley.cli.stack;

import static dev.parley.cli.stack.Deeds.assertRefused;
import static dev.parley.cli.stack.Deeds.command;
import static dev.parley.cli.stack.Deeds.get;
import static dev.parley.cli.stack.Deeds.knowing;
import static dev.parley.cli.stack.Deeds.missAndComeBack;
import static dev.parley.cli.stack.Deeds.sendMany;
import static dev.parley.cli.stack.Deeds.writer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.conversation.ClientEventIds;

import dev.parley.v1.Command;
import dev.parley.v1.ConversationKind;
import dev.parley.v1.CreateConversation;
import dev.parley.v1.Cursor;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.GetConversationRequest;
import dev.parley.v1.JoinConversation;
import dev.parley.v1.JoinPolicy;
import dev.parley.v1.LeaveConversation;
import dev.parley.v1.ListEventsRequest;
import dev.parley.v1.ListMembersRequest;
import dev.parley.v1.Member;
import dev.parley.v1.Message;
import dev.parley.v1.RenameConversation;
import dev.parley.v1.Role;
import dev.parley.v1.SetMemberRole;
import dev.parley.v1.SetReadMarkRequest;
import dev.parley.v1.Stored;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people do, through the real edge, router and broker. */
class ConversationsIT {
  @TempDir static Path data;
  private static LiveStack parley;

  @BeforeAll
  static void start() throws Exception {
    parley = new LiveStack(data);
  }

  @AfterAll
  static void stop() throws Exception {
    parley.close();
  }

  @Test
  void twoUsersWriteEditDeleteReactTypeAndRead() throws Exception {
    Device ann = parley.connect("talk-ann", "phone");
    Device ben = parley.connect("talk-ben", "phone");
    String id = get(ann.session().createDirect("talk-ben"));
    ben.heard().awaitSeq(id, 1);

    long first = get(ann.session().sendText(id, "helo")).getCursor().getSeq();
    get(ann.session().edit(id, first, "hello"));
    get(ben.session().react(id, first, "+1", false));
    long secret = get(ann.session().sendText(id, "a secret")).getCursor().getSeq();
    get(ann.session().delete(id, secret));
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
    assertThat(ben.heard().typings.getFirst().getUserId()).isEqualTo("talk-ann");

    ben.session().markRead(id, secret);
    await()
        .untilAsserted(
            () ->
                assertThat(ann.heard().receipts)
                    .anySatisfy(
                        receipt -> {
                          assertThat(receipt.getUserId()).isEqualTo("talk-ben");
                          assertThat(receipt.getReadSeq()).isEqualTo(secret);
                        }));
    var list = parley.client("talk-ben").blocking();
    assertThat(
            list.getConversation(GetConversationRequest.newBuilder().setConversationId(id).build())
                .getConversation()
                .getUnreadCount())
        .isZero();

    await()
        .untilAsserted(
            () -> {
              List<Event> history =
                  list.listEvents(ListEventsRequest.newBuilder().setConversationId(id).build()).getPagesList().stream()
                      .flatMap(page -> page.getEventsList().stream())
                      .toList();
              Event deleted = history.stream().filter(event -> event.getSeq() == secret).findFirst().orElseThrow();
              assertThat(deleted.getDeleted()).isTrue();
              assertThat(deleted.hasMessage()).isFalse();
            });
  }

  @Test
  void aGroupHasRolesThatAreKept() throws Exception {
    Device owner = parley.connect("group-owner", "phone");
    Device admin = parley.connect("group-admin", "phone");
    Device member = parley.connect("group-member", "phone");
    String id = get(owner.session().createGroup("plans", List.of("group-admin", "group-member")));
    member.heard().awaitSeq(id, 1);
    get(
        owner
            .session()
            .send(
                command(owner, id)
                    .setSetRole(SetMemberRole.newBuilder().setUserId("group-admin").setRole(Role.ROLE_ADMIN))
                    .build()));
    assertRefused(
        member
            .session()
            .send(command(member, id).setRename(RenameConversation.newBuilder().setTitle("mine")).build()),
        ErrorReason.ERROR_REASON_ROLE_NOT_ALLOWED);
    get(
        admin
            .session()
            .send(command(admin, id).setRename(RenameConversation.newBuilder().setTitle("our plans")).build()));
    assertRefused(
        owner.session().send(command(owner, id).setLeave(LeaveConversation.getDefaultInstance()).build()),
        ErrorReason.ERROR_REASON_LAST_OWNER);
    member.heard().awaitSeq(id, 3);
    List<Member> members =
        parley
            .client("group-member")
            .blocking()
            .listMembers(ListMembersRequest.newBuilder().setConversationId(id).build())
            .getMembersList();
    assertThat(members)
        .extracting(Member::getUserId, Member::getRole)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("group-admin", Role.ROLE_ADMIN),
            org.assertj.core.groups.Tuple.tuple("group-member", Role.ROLE_MEMBER),
            org.assertj.core.groups.Tuple.tuple("group-owner", Role.ROLE_OWNER));
  }

  @Test
  void aRemovedMemberGetsNothingAfterTheRemovalOnAnyDevice() throws Exception {
    Device owner = parley.connect("out-owner", "phone");
    Device phone = parley.connect("out-eve", "phone");
    Device laptop = parley.connect("out-eve", "laptop");
    String id = get(owner.session().createGroup("secrets", List.of("out-eve")));
    phone.heard().awaitSeq(id, 1);
    laptop.heard().awaitSeq(id, 1);
    get(owner.session().sendText(id, "with eve"));
    long removal = get(owner.session().removeMember(id, "out-eve")).getCursor().getSeq();
    for (int i = 0; i < 20; i++) {
      get(owner.session().sendText(id, "without eve " + i));
    }
    phone.heard().awaitSeq(id, removal);
    laptop.heard().awaitSeq(id, removal);
    assertRefused(phone.session().sendText(id, "let me in"), ErrorReason.ERROR_REASON_NOT_A_MEMBER);
    assertThat(phone.heard().seqs(id)).endsWith(removal).doesNotContain(removal + 1);
    assertThat(laptop.heard().seqs(id)).endsWith(removal).doesNotContain(removal + 1);

    Device back = parley.connect("out-eve", knowing("third", id, Cursor.newBuilder().setSeq(0).build()));
    back.heard().awaitSeq(id, removal);
    assertThat(back.heard().seqs(id)).isEqualTo(LongStream.rangeClosed(1, removal).boxed().toList());
  }

  @Test
  void whoLeftAndCameBackSeesTheTwoRanges() throws Exception {
    Device owner = parley.connect("range-owner", "phone");
    Device guest = parley.connect("range-guest", "phone");
    String id =
        get(
            owner
                .session()
                .createGroup(
                    CreateConversation.newBuilder()
                        .setKind(ConversationKind.CONVERSATION_KIND_GROUP)
                        .setTitle("open house")
                        .setJoinPolicy(JoinPolicy.JOIN_POLICY_OPEN)
                        .addMemberIds("range-guest")
                        .build()));
    guest.heard().awaitSeq(id, 1);
    get(owner.session().sendText(id, "seen"));
    long left =
        get(guest.session().send(command(guest, id).setLeave(LeaveConversation.getDefaultInstance()).build()))
            .getCursor()
            .getSeq();
    get(owner.session().sendText(id, "not seen"));
    long joined =
        get(guest.session().send(command(guest, id).setJoin(JoinConversation.getDefaultInstance()).build()))
            .getCursor()
            .getSeq();
    long last = get(owner.session().sendText(id, "seen again")).getCursor().getSeq();
    guest.heard().awaitSeq(id, last);
    List<Long> ranges =
        LongStream.concat(LongStream.rangeClosed(1, left), LongStream.rangeClosed(joined, last)).boxed().toList();
    assertThat(guest.heard().seqs(id)).isEqualTo(ranges);

    Device again = parley.connect("range-guest", knowing("laptop", id, Cursor.newBuilder().setSeq(0).build()));
    again.heard().awaitSeq(id, last);
    assertThat(again.heard().seqs(id)).isEqualTo(ranges);
  }

  @Test
  void whoWasAwayForTenThousandMessagesComesBackDuringLoadAndGetsExactlyThose() throws Exception {
    for (int missed : List.of(10, 10_000)) {
      Device writer = parley.connect("away-writer-" + missed, writer());
      Device reader = parley.connect("away-reader-" + missed, "phone");
      String id = get(writer.session().createDirect("away-reader-" + missed));
      missAndComeBack(writer, reader, id, missed, options -> parley.connect("away-reader-" + missed, options));
    }
  }

  @Test
  void theSameIdGivesTheSameSeqAtOnceAfterTwoThousandMessagesAndAfterARestart() throws Exception {
    Device writer = parley.connect("retry-writer", writer());
    String id = get(writer.session().createDirect("retry-reader"));
    Command once =
        command(writer, id).setMessage(Message.newBuilder().setText("only once")).build();
    long seq = get(writer.session().send(once)).getCursor().getSeq();
    Stored again = get(writer.session().send(once));
    assertThat(again.getCursor().getSeq()).isEqualTo(seq);
    assertThat(again.getRepeated()).isTrue();

    sendMany(writer, id, 2_000);
    assertThat(get(writer.session().send(once)).getCursor().getSeq()).isEqualTo(seq);
    parley.crashRouter();
    assertThat(get(writer.session().send(once)).getCursor().getSeq()).isEqualTo(seq);
    assertRefused(
        writer.session().send(once.toBuilder().setMessage(Message.newBuilder().setText("another")).build()),
        ErrorReason.ERROR_REASON_CLIENT_EVENT_ID_CONFLICT);

    String old = ClientEventIds.create(Instant.now().minus(Duration.ofMinutes(10)));
    Command late =
        command(writer, id).setClientEventId(old).setMessage(Message.newBuilder().setText("late")).build();
    long lateSeq = get(writer.session().send(late)).getCursor().getSeq();
    sendMany(writer, id, 100);
    parley.crashRouter();
    assertThat(get(writer.session().send(late)).getCursor().getSeq()).isEqualTo(lateSeq);
  }

  @Test
  void aBlockedUserCannotWrite() throws Exception {
    Device ann = parley.connect("block-ann", "phone");
    Device eve = parley.connect("block-eve", "phone");
    String id = get(ann.session().createDirect("block-eve"));
    eve.heard().awaitSeq(id, 1);
    var calls = parley.client("block-ann").blocking();
    calls.blockUser(dev.parley.v1.BlockUserRequest.newBuilder().setUserId("block-eve").build());
    assertRefused(eve.session().sendText(id, "hey"), ErrorReason.ERROR_REASON_USER_BLOCKED);
    calls.unblockUser(dev.parley.v1.UnblockUserRequest.newBuilder().setUserId("block-eve").build());
    get(eve.session().sendText(id, "hey"));
    assertThat(
            calls
                .setReadMark(SetReadMarkRequest.newBuilder().setConversationId(id).setSeq(2).build())
                .getUnreadCount())
        .isZero();
    assertThat(
            calls
                .getUsers(dev.parley.v1.GetUsersRequest.newBuilder().addUserIds("block-eve").addUserIds("nobody").build())
                .getUsersList())
        .extracting(dev.parley.v1.User::getName)
        .containsExactly("block-eve");
  }
}
