package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.router.Say;
import dev.parley.v1.Event;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShardTailIT {
  @Test
  void aDeletedMessageAndItsEditsAreCutInMemoryToo() {
    ShardRig shard = new ShardRig().start().withGroup();
    long target = shard.ask("bob", Say.message("regretted")).seq();
    shard.ask("bob", Say.edit(target, "regretted twice")).stored();
    shard.ask("bob", Say.message("kept")).stored();
    shard.ask("bob", Say.delete(target)).stored();

    List<Event> events = shard.history.from(Say.GROUP, 1).join().stream().flatMap(r -> r.events().stream()).toList();
    assertThat(events).extracting(Event::getDeleted).containsExactly(false, true, true, false, false);
    assertThat(events.stream().filter(Event::hasMessage).map(event -> event.getMessage().getText()).toList())
        .containsExactly("kept");
    assertThat(events.stream().noneMatch(Event::hasEdit)).isTrue();
  }
}
