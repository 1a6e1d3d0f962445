package dev.parley.router.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.router.feed.FromOwner;
import dev.parley.router.feed.Item;
import dev.parley.router.feed.Question;
import dev.parley.router.feed.Readers;
import dev.parley.router.feed.Reply;
import dev.parley.router.feed.ToOwner;
import dev.parley.v1.Term;
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
}
