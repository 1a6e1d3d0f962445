package dev.parley.router.link;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dev.parley.internal.v1.Ask;
import dev.parley.internal.v1.Batch;
import dev.parley.internal.v1.ShardFrame;
import dev.parley.router.Say;
import dev.parley.router.feed.FromOwner;
import dev.parley.router.feed.Item;
import dev.parley.router.feed.Question;
import dev.parley.router.feed.Readers;
import dev.parley.router.feed.Reply;
import dev.parley.router.feed.ToOwner;
import dev.parley.v1.Term;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class LinkCodecTest {
  @Test
  void whoMayReadAnEventIsAskedAndAnsweredOverALink() {
    Question question = new Question.ListReaders("c", 17, "bob", 100);
    Reply reply =
        new Reply.OfReaders(
            new Readers(
                20, List.of(new Readers.Reader("ann", true, 19), new Readers.Reader("bob", false, 0)), true));
    FromOwner batch = new FromOwner.Batch(1, Term.getDefaultInstance(), 2, 3, List.of(new Item.Answered(4, reply)));

    assertThat(LinkCodec.decodeToOwner(LinkCodec.encode(5, new ToOwner.Ask(1, 4, question, 64, true)).getFirst()))
        .isInstanceOfSatisfying(ToOwner.Ask.class, ask -> assertThat(ask.question()).isEqualTo(question));
    assertThat(LinkCodec.decodeFromOwner(LinkCodec.encode(5, batch))).isEqualTo(batch);
  }

  @Test
  void whatANewerRouterMeansByMoreIsPassedOverAndWhatItAsksIsAnUnknownQuestion() {
    UnknownFieldSet more =
        UnknownFieldSet.newBuilder()
            .addField(99, UnknownFieldSet.Field.newBuilder().addLengthDelimited(ByteString.EMPTY).build())
            .build();
    Ask asked = Ask.newBuilder().setEpoch(1).setId(4).setAgain(true).setUserId("ann").setUnknownFields(more).build();
    Ask commanded =
        Ask.newBuilder()
            .setEpoch(1)
            .setId(4)
            .setAgain(true)
            .setUserId("ann")
            .setCommand(Say.request("ann", Say.GROUP, Say.message("m"), Instant.now()).command().toBuilder().clearAction())
            .build();
    dev.parley.internal.v1.Item answered =
        dev.parley.internal.v1.Item.newBuilder()
            .setReply(dev.parley.internal.v1.Reply.newBuilder().setId(4).setUnknownFields(more))
            .build();
    Item known = new Item.Typing("c", "ann");
    ShardFrame frame = LinkCodec.encode(5, new FromOwner.Batch(1, Term.getDefaultInstance(), 2, 3, List.of(known)));
    Batch.Builder batch =
        frame.getBatch().toBuilder()
            .addItems(0, dev.parley.internal.v1.Item.newBuilder().setUnknownFields(more))
            .addItems(answered);

    for (Ask unknown : List.of(asked, commanded)) {
      assertThat(LinkCodec.decodeToOwner(ShardFrame.newBuilder().setShard(5).setAsk(unknown).build()))
          .isEqualTo(new ToOwner.Ask(1, 4, new Question.Unknown(), unknown.getSerializedSize(), true));
    }
    assertThat(LinkCodec.decodeFromOwner(frame.toBuilder().setBatch(batch).build()))
        .isInstanceOfSatisfying(FromOwner.Batch.class, told -> assertThat(told.items()).containsExactly(known));
  }
}
