package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.parley.router.Say;
import dev.parley.v1.Event;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ProjectorIT {
  private final ShardRig shard = new ShardRig();

  @Test
  void listsFollowMembership() {
    shard.start().withGroup();
    shard.ask("ann", Say.add("cid")).stored();
    shard.ask("bob", Say.leave()).stored();
    shard.ask("dan", Say.join()).stored();
    shard.ask("ann", Say.remove("cid")).stored();

    assertThat(shard.lists.of("ann").join()).containsExactly(Say.GROUP);
    assertThat(shard.lists.of("dan").join()).containsExactly(Say.GROUP);
    assertThat(shard.lists.of("bob").join()).isEmpty();
    assertThat(shard.lists.of("cid").join()).isEmpty();
    assertThat(shard.heard.added).containsExactly("ann", "bob", "cid", "dan");
  }

  @Test
  void whoWasAMemberForTheTimeOfOneRecordIsToldToo() {
    shard.start().withGroup();
    shard.log.holding = true;
    shard.ask("ann", Say.message("in flight"));
    shard.ask("ann", Say.add("cid"));
    shard.ask("ann", Say.remove("cid"));
    shard.log.takeHeld().now();
    shard.log.takeHeld().now();

    assertThat(shard.heard.added).containsExactly("ann", "bob", "cid");
    assertThat(shard.lists.of("cid").join()).isEmpty();
  }

  @Test
  void whatIsNotRememberedIsDoneAgainAfterARestartThoughAReaderIsBehind() {
    shard.start().withGroup();
    ShardRig later = shard.restarted();
    later.log.staleReads = 1;
    later.start();
    assertThat(later.heard.added).isEmpty();
    assertThat(later.projector.listed("ann")).isNotDone();

    later.time.advance(Duration.ofSeconds(1));
    assertThat(later.projector.listed("ann")).isCompleted();
    assertThat(later.heard.added).containsExactly("ann", "bob");
  }

  @Test
  void whatWasDoneBeforeTheRememberedPositionIsNotDoneAgain() {
    shard.start().withGroup();
    ShardRig redone = shard.restarted().start();
    assertThat(redone.heard.added).containsExactly("ann", "bob");
    redone.projector.save().join();

    assertThat(redone.restarted().start().heard.added).isEmpty();
  }

  @Test
  void anOlderRecordDoesNotChangeANewerList() {
    shard.start().withGroup();
    shard.ask("bob", Say.leave()).stored();
    ShardRig redone = shard.restarted().start();

    assertThat(redone.lists.of("bob").join()).isEmpty();
    assertThat(redone.lists.of("ann").join()).containsExactly(Say.GROUP);
  }

  @Test
  void aDeletedMessageAndItsEditsAreErasedFromTheLog() throws Exception {
    shard.start().withGroup();
    long target = shard.ask("bob", Say.message("regretted")).seq();
    shard.ask("bob", Say.edit(target, "regretted twice")).stored();
    shard.ask("bob", Say.delete(target)).stored();

    for (long position = 1; position <= shard.heard.records.getLast().position(); position++) {
      for (ByteString event : shard.storedAt(position).getEventsList()) {
        Event parsed = Event.parseFrom(event);
        assertThat(parsed.hasMessage() || parsed.hasEdit()).isFalse();
      }
    }
    ShardRig later = shard.restarted().start();
    assertThat(later.history.from(Say.GROUP, 1).join()).hasSize(4);
    assertThat(later.ask("bob", Say.message("on")).seq()).isEqualTo(5);
  }
}
