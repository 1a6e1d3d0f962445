package dev.parley.router.link;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.ConversationState;
import dev.parley.conversation.PageIndex;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.RefusedException;
import dev.parley.conversation.Request;
import dev.parley.conversation.SnapshotMark;
import dev.parley.internal.v1.Ask;
import dev.parley.internal.v1.Batch;
import dev.parley.internal.v1.Bounced;
import dev.parley.internal.v1.EventReader;
import dev.parley.internal.v1.FedRecord;
import dev.parley.internal.v1.FollowQuestion;
import dev.parley.internal.v1.FollowingReply;
import dev.parley.internal.v1.GiveAway;
import dev.parley.internal.v1.GivenAway;
import dev.parley.internal.v1.HandedConversation;
import dev.parley.internal.v1.IndexReply;
import dev.parley.internal.v1.ListedQuestion;
import dev.parley.internal.v1.ListedReply;
import dev.parley.internal.v1.MarkedReply;
import dev.parley.internal.v1.MembersQuestion;
import dev.parley.internal.v1.MembersReply;
import dev.parley.internal.v1.Open;
import dev.parley.internal.v1.Opened;
import dev.parley.internal.v1.ReadersQuestion;
import dev.parley.internal.v1.ReadersReply;
import dev.parley.internal.v1.ReceiptNotice;
import dev.parley.internal.v1.RefusedReply;
import dev.parley.internal.v1.ShardFrame;
import dev.parley.internal.v1.StoredReply;
import dev.parley.internal.v1.TypingNotice;
import dev.parley.internal.v1.Unfollow;
import dev.parley.router.feed.FromOwner;
import dev.parley.router.feed.Handover;
import dev.parley.router.feed.HistoryIndex;
import dev.parley.router.feed.Item;
import dev.parley.router.feed.Question;
import dev.parley.router.feed.Readers;
import dev.parley.router.feed.Reply;
import dev.parley.router.feed.ToOwner;
import dev.parley.router.shard.Answer;
import dev.parley.router.shard.CommittedRecord;
import dev.parley.router.shard.FollowAnswer;
import dev.parley.router.shard.MarkAnswer;
import dev.parley.v1.Event;
import dev.parley.v1.ReadMark;
import dev.parley.v1.ResetReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Writes what routers say to each other as frames, and reads it again. */
public final class LinkCodec {
  /** So that no frame grows beyond what a stream takes, an Open with more conversations is several frames. */
  private static final int CONVERSATIONS_PER_FRAME = 5_000;

  private LinkCodec() {}

  // ------------------------------------------------------------------ to the owner

  /** What is said, as frames in order. */
  public static List<ShardFrame> encode(int shard, ToOwner message) {
    ShardFrame.Builder frame = ShardFrame.newBuilder().setShard(shard);
    return switch (message) {
      case ToOwner.Open open -> encode(shard, open);
      case ToOwner.Ask ask ->
          List.of(
              frame
                  .setAsk(encode(ask.question()).setEpoch(ask.epoch()).setId(ask.id()).setAgain(ask.again()))
                  .build());
      case ToOwner.Unfollow unfollow ->
          List.of(frame.setUnfollow(Unfollow.newBuilder().setConversationId(unfollow.conversationId())).build());
      case ToOwner.Typing typing -> List.of(frame.setTyping(typing(typing.conversationId(), typing.userId())).build());
      case ToOwner.GiveAway give -> List.of(frame.setGiveAway(GiveAway.newBuilder().setView(give.view())).build());
    };
  }

  private static List<ShardFrame> encode(int shard, ToOwner.Open open) {
    List<ShardFrame> frames = new ArrayList<>();
    List<String> all = open.conversations();
    int from = 0;
    do {
      int to = Math.min(all.size(), from + CONVERSATIONS_PER_FRAME);
      frames.add(
          ShardFrame.newBuilder()
              .setShard(shard)
              .setOpen(
                  Open.newBuilder()
                      .setEpoch(open.epoch())
                      .setView(open.view())
                      .setWatermark(open.watermark())
                      .setTerm(open.term())
                      .addAllConversationIds(all.subList(from, to))
                      .setComplete(to == all.size()))
              .build());
      from = to;
    } while (from < all.size());
    return frames;
  }

  private static TypingNotice.Builder typing(String conversationId, String userId) {
    return TypingNotice.newBuilder().setConversationId(conversationId).setUserId(userId);
  }

  private static Ask.Builder encode(Question question) {
    Ask.Builder ask = Ask.newBuilder();
    return switch (question) {
      case Question.Submit submit -> ask.setUserId(submit.request().userId())
              .setCommand(submit.request().command())
              .setTraceContext(submit.request().trace());
      case Question.Follow follow -> {
        FollowQuestion.Builder body =
            FollowQuestion.newBuilder().setConversationId(follow.conversationId()).setFromJoin(follow.fromJoin());
        if (follow.cursor() != null) {
          body.setCursor(follow.cursor());
        }
        yield ask.setUserId(follow.userId()).setFollow(body);
      }
      case Question.Position position ->
          ask.setUserId(position.userId())
              .setPosition(
                  FollowQuestion.newBuilder()
                      .setConversationId(position.conversationId())
                      .setCursor(position.cursor()));
      case Question.Mark mark ->
          ask.setUserId(mark.userId())
              .setMark(ReadMark.newBuilder().setConversationId(mark.conversationId()).setSeq(mark.seq()));
      case Question.Describe describe -> ask.setUserId(describe.userId()).setDescribe(describe.conversationId());
      case Question.ListMembers list ->
          ask.setUserId(list.userId())
              .setMembers(
                  MembersQuestion.newBuilder()
                      .setConversationId(list.conversationId())
                      .setAfterUserId(list.afterUserId())
                      .setLimit(list.limit())
                      .addAllUserIds(list.only()));
      case Question.ListReaders list ->
          ask.setReaders(
              ReadersQuestion.newBuilder()
                  .setConversationId(list.conversationId())
                  .setSeq(list.seq())
                  .setUserId(list.onlyUser())
                  .setLimit(list.limit()));
      case Question.Index index -> ask.setIndex(index.conversationId());
      case Question.AwaitList list -> ask.setUserId(list.userId()).setListed(ListedQuestion.getDefaultInstance());
      case Question.Unknown unknown -> throw new IllegalArgumentException("a question that this version does not know");
    };
  }

  /**
   * What a frame says to an owner; null: it says something else, or what this version does not know. A question that it
   * does not know is a {@link Question.Unknown}. An Open is one of several if it is not {@code complete}.
   */
  public static @Nullable ToOwner decodeToOwner(ShardFrame frame) {
    return switch (frame.getBodyCase()) {
      case OPEN -> {
        Open open = frame.getOpen();
        yield new ToOwner.Open(
            open.getEpoch(), open.getView(), open.getWatermark(), open.getTerm(), open.getConversationIdsList());
      }
      case ASK -> {
        Ask ask = frame.getAsk();
        yield new ToOwner.Ask(
            ask.getEpoch(), ask.getId(), decode(ask), ask.getSerializedSize(), ask.getAgain());
      }
      case UNFOLLOW -> new ToOwner.Unfollow(frame.getUnfollow().getConversationId());
      case TYPING -> new ToOwner.Typing(frame.getTyping().getConversationId(), frame.getTyping().getUserId());
      case GIVE_AWAY -> new ToOwner.GiveAway(frame.getGiveAway().getView());
      default -> null;
    };
  }

  private static Question command(String user, Ask ask) {
    try {
      return new Question.Submit(Request.of(user, ask.getCommand()).traced(ask.getTraceContext()));
    } catch (RefusedException e) {
      return new Question.Unknown(); // it was checked where it came in: a newer version permits more
    }
  }

  private static Question decode(Ask ask) {
    String user = ask.getUserId();
    return switch (ask.getQuestionCase()) {
      case COMMAND -> command(user, ask);
      case FOLLOW -> {
        FollowQuestion follow = ask.getFollow();
        yield new Question.Follow(
            follow.getConversationId(), user, follow.hasCursor() ? follow.getCursor() : null, follow.getFromJoin());
      }
      case POSITION -> new Question.Position(ask.getPosition().getConversationId(), user, ask.getPosition().getCursor());
      case MARK -> new Question.Mark(user, ask.getMark().getConversationId(), ask.getMark().getSeq());
      case DESCRIBE -> new Question.Describe(ask.getDescribe(), user);
      case MEMBERS -> {
        MembersQuestion members = ask.getMembers();
        yield new Question.ListMembers(
            members.getConversationId(),
            user,
            members.getAfterUserId(),
            members.getLimit(),
            members.getUserIdsList());
      }
      case READERS -> {
        ReadersQuestion readers = ask.getReaders();
        yield new Question.ListReaders(
            readers.getConversationId(), readers.getSeq(), readers.getUserId(), readers.getLimit());
      }
      case INDEX -> new Question.Index(ask.getIndex());
      case LISTED -> new Question.AwaitList(user);
      case QUESTION_NOT_SET -> new Question.Unknown();
    };
  }

  // ------------------------------------------------------------------ from the owner

  /** What is said, as a frame. */
  public static ShardFrame encode(int shard, FromOwner message) {
    ShardFrame.Builder frame = ShardFrame.newBuilder().setShard(shard);
    return switch (message) {
      case FromOwner.Opened opened ->
          frame
              .setOpened(
                  Opened.newBuilder()
                      .setEpoch(opened.epoch())
                      .setTerm(opened.term())
                      .setPosition(opened.position())
                      .setAnew(opened.anew()))
              .build();
      case FromOwner.Batch batch -> frame.setBatch(encode(batch)).build();
      case FromOwner.Bounced bounced ->
          frame.setBounced(Bounced.newBuilder().setEpoch(bounced.epoch()).setView(bounced.view()).setAgain(bounced.again())).build();
      case FromOwner.GivenAway given -> frame.setGivenAway(encode(given)).build();
    };
  }

  private static GivenAway encode(FromOwner.GivenAway given) {
    GivenAway.Builder encoded = GivenAway.newBuilder().setView(given.view());
    Handover handover = given.handover();
    if (handover != null) {
      encoded.setPosition(handover.position()).setRecordId(handover.recordId());
      for (ConversationState state : handover.conversations()) {
        encoded.addConversations(
            HandedConversation.newBuilder()
                .setConversationId(state.conversationId())
                .setState(state.toSnapshot())
                .setSnapshotSeq(state.snapshotMark().seq())
                .setSnapshotFoldedBytes(state.snapshotMark().foldedBytes()));
      }
    }
    return encoded.build();
  }

  private static Batch encode(FromOwner.Batch batch) {
    Batch.Builder encoded =
        Batch.newBuilder().setEpoch(batch.epoch()).setTerm(batch.term()).setFrom(batch.from()).setTo(batch.to());
    for (Item item : batch.items()) {
      encoded.addItems(encode(item));
    }
    return encoded.build();
  }

  private static dev.parley.internal.v1.Item encode(Item item) {
    dev.parley.internal.v1.Item.Builder encoded = dev.parley.internal.v1.Item.newBuilder();
    return switch (item) {
      case Item.Record record ->
          encoded
              .setRecord(
                  FedRecord.newBuilder()
                      .setPosition(record.record().position())
                      .setRecord(record.record().encoded()))
              .build();
      case Item.Answered answered -> encoded.setReply(encode(answered.reply()).setId(answered.id())).build();
      case Item.Read read ->
          encoded
              .setReceipt(
                  ReceiptNotice.newBuilder()
                      .setReceipt(read.receipt())
                      .setOnlyFor(read.onlyFor() == null ? "" : read.onlyFor()))
              .build();
      case Item.Typing typing -> encoded.setTyping(typing(typing.conversationId(), typing.userId())).build();
    };
  }

  private static dev.parley.internal.v1.Reply.Builder encode(Reply reply) {
    dev.parley.internal.v1.Reply.Builder encoded = dev.parley.internal.v1.Reply.newBuilder();
    return switch (reply) {
      case Reply.Refused refused -> encoded.setRefused(encode(refused.refusal()));
      case Reply.OfCommand command ->
          switch (command.answer()) {
            case Answer.Refused refused -> encoded.setRefused(encode(refused.refusal()));
            case Answer.Stored stored -> encoded.setStored(encode(stored));
            case Answer.Bounced bounced -> throw new IllegalArgumentException("no outcome: " + bounced);
          };
      case Reply.OfFollow follow ->
          switch (follow.answer()) {
            case FollowAnswer.Refused refused -> encoded.setRefused(encode(refused.refusal()));
            case FollowAnswer.Following following -> encoded.setFollowing(encode(following));
          };
      case Reply.OfMark mark ->
          switch (mark.answer()) {
            case MarkAnswer.Refused refused -> encoded.setRefused(encode(refused.refusal()));
            case MarkAnswer.Marked marked ->
                encoded.setMarked(
                    MarkedReply.newBuilder()
                        .setReadSeq(marked.readSeq())
                        .setUnreadCount(marked.unreadCount()));
          };
      case Reply.OfConversation conversation -> encoded.setConversation(conversation.conversation());
      case Reply.OfMembers members -> encoded.setMembers(MembersReply.newBuilder().addAllMembers(members.members()));
      case Reply.OfReaders readers -> encoded.setReaders(encode(readers.readers()));
      case Reply.OfIndex index -> encoded.setIndex(encode(index.index()));
      case Reply.Listed listed -> encoded.setListed(ListedReply.getDefaultInstance());
    };
  }

  private static RefusedReply encode(Refusal refusal) {
    RefusedReply.Builder encoded =
        RefusedReply.newBuilder()
            .setReason(refusal.reason())
            .setMessage(refusal.message())
            .putAllMetadata(refusal.metadata());
    Duration retry = refusal.retryAfter();
    if (retry != null) {
      encoded.setRetryAfter(
          com.google.protobuf.Duration.newBuilder().setSeconds(retry.getSeconds()).setNanos(retry.getNano()));
    }
    return encoded.build();
  }

  private static StoredReply encode(Answer.Stored stored) {
    StoredReply.Builder encoded =
        StoredReply.newBuilder()
            .setCursor(stored.cursor())
            .setTime(stored.time())
            .setMessageCount(stored.messageCount())
            .setRepeated(stored.repeated());
    if (stored.event() != null) {
      encoded.setEvent(stored.event().toByteString());
    }
    return encoded.build();
  }

  private static FollowingReply encode(FollowAnswer.Following following) {
    return FollowingReply.newBuilder()
        .addAllReadable(following.readable())
        .setHead(following.head())
        .setMember(following.member())
        .setAfterSeq(following.afterSeq())
        .setReadSeq(following.readSeq())
        .setUnreadCount(following.unreadCount())
        .setReset(following.reset() == null ? ResetReason.RESET_REASON_UNSPECIFIED : following.reset())
        .build();
  }

  private static ReadersReply encode(Readers readers) {
    ReadersReply.Builder encoded =
        ReadersReply.newBuilder().setHeadSeq(readers.headSeq()).setMore(readers.more());
    for (Readers.Reader reader : readers.readers()) {
      encoded.addReaders(
          EventReader.newBuilder()
              .setUserId(reader.userId())
              .setMember(reader.member())
              .setReadSeq(reader.readSeq()));
    }
    return encoded.build();
  }

  private static IndexReply encode(HistoryIndex index) {
    IndexReply.Builder encoded =
        IndexReply.newBuilder()
            .setHeadSeq(index.headSeq())
            .addAllPageStarts(index.pages().starts())
            .addAllDeletedSeqs(index.deletedSeqs());
    for (long position : index.pages().openPositions()) {
      encoded.addOpenPagePositions(position);
    }
    return encoded.build();
  }

  /** What a frame says from an owner; null: it says something else. */
  public static @Nullable FromOwner decodeFromOwner(ShardFrame frame) {
    return switch (frame.getBodyCase()) {
      case OPENED ->
          new FromOwner.Opened(
              frame.getOpened().getEpoch(), frame.getOpened().getTerm(), frame.getOpened().getPosition(),
              frame.getOpened().getAnew());
      case BATCH -> decode(frame.getBatch());
      case BOUNCED -> new FromOwner.Bounced(
              frame.getBounced().getEpoch(), frame.getBounced().getView(), frame.getBounced().getAgain());
      case GIVEN_AWAY -> decode(frame.getGivenAway());
      default -> null;
    };
  }

  private static FromOwner.GivenAway decode(GivenAway given) {
    List<ConversationState> conversations = new ArrayList<>(given.getConversationsCount());
    for (HandedConversation handed : given.getConversationsList()) {
      conversations.add(
          ConversationState.fromSnapshot(handed.getConversationId(), handed.getState())
              .withSnapshot(new SnapshotMark(handed.getSnapshotSeq(), handed.getSnapshotFoldedBytes())));
    }
    Handover handover =
        given.getRecordId().isEmpty() ? null : new Handover(given.getPosition(), given.getRecordId(), conversations);
    return new FromOwner.GivenAway(given.getView(), handover);
  }

  private static FromOwner.Batch decode(Batch batch) {
    List<Item> items = new ArrayList<>(batch.getItemsCount());
    for (dev.parley.internal.v1.Item encoded : batch.getItemsList()) {
      Item item = decode(encoded);
      if (item != null) { // a newer version may tell of more
        items.add(item);
      }
    }
    return new FromOwner.Batch(batch.getEpoch(), batch.getTerm(), batch.getFrom(), batch.getTo(), items);
  }

  private static @Nullable Item decode(dev.parley.internal.v1.Item item) {
    return switch (item.getItemCase()) {
      case RECORD ->
          new Item.Record(
              CommittedRecord.parsed(item.getRecord().getRecord(), item.getRecord().getPosition()));
      case REPLY -> {
        Reply reply = decode(item.getReply());
        yield reply == null ? null : new Item.Answered(item.getReply().getId(), reply);
      }
      case RECEIPT -> {
        String onlyFor = item.getReceipt().getOnlyFor();
        yield new Item.Read(item.getReceipt().getReceipt(), onlyFor.isEmpty() ? null : onlyFor);
      }
      case TYPING -> new Item.Typing(item.getTyping().getConversationId(), item.getTyping().getUserId());
      case ITEM_NOT_SET -> null;
    };
  }

  private static @Nullable Reply decode(dev.parley.internal.v1.Reply reply) {
    return switch (reply.getAnswerCase()) {
      case REFUSED -> new Reply.Refused(decode(reply.getRefused()));
      case STORED -> new Reply.OfCommand(decode(reply.getStored()));
      case FOLLOWING -> new Reply.OfFollow(decode(reply.getFollowing()));
      case MARKED ->
          new Reply.OfMark(
              new MarkAnswer.Marked(reply.getMarked().getReadSeq(), reply.getMarked().getUnreadCount()));
      case CONVERSATION -> new Reply.OfConversation(reply.getConversation());
      case MEMBERS -> new Reply.OfMembers(reply.getMembers().getMembersList());
      case READERS -> new Reply.OfReaders(decode(reply.getReaders()));
      case INDEX -> new Reply.OfIndex(decode(reply.getIndex()));
      case LISTED -> new Reply.Listed();
      case ANSWER_NOT_SET -> null;
    };
  }

  private static Refusal decode(RefusedReply refused) {
    Duration retry =
        refused.hasRetryAfter()
            ? Duration.ofSeconds(refused.getRetryAfter().getSeconds(), refused.getRetryAfter().getNanos())
            : null;
    return new Refusal(refused.getReason(), refused.getMessage(), refused.getMetadataMap(), retry);
  }

  private static Answer decode(StoredReply stored) {
    return new Answer.Stored(
        stored.getCursor(), stored.getTime(), stored.getMessageCount(), stored.getRepeated(), event(stored.getEvent()));
  }

  private static @Nullable Event event(ByteString bytes) {
    try {
      return bytes.isEmpty() ? null : Event.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("an event that cannot be parsed", e);
    }
  }

  private static FollowAnswer decode(FollowingReply following) {
    return new FollowAnswer.Following(
        following.getReadableList(),
        following.getHead(),
        following.getMember(),
        following.getAfterSeq(),
        following.getReadSeq(),
        following.getUnreadCount(),
        following.getReset() == ResetReason.RESET_REASON_UNSPECIFIED ? null : following.getReset());
  }

  private static Readers decode(ReadersReply readers) {
    return new Readers(
        readers.getHeadSeq(),
        readers.getReadersList().stream()
            .map(reader -> new Readers.Reader(reader.getUserId(), reader.getMember(), reader.getReadSeq()))
            .toList(),
        readers.getMore());
  }

  private static HistoryIndex decode(IndexReply index) {
    return new HistoryIndex(
        index.getHeadSeq(),
        PageIndex.of(index.getOpenPagePositionsList(), index.getPageStartsList()),
        new TreeSet<>(index.getDeletedSeqsList()));
  }
}
