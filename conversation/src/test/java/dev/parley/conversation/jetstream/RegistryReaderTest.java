package dev.parley.conversation.jetstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.log.ToldRouters;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RegistryReaderTest {
  private final ToldRouters told = new ToldRouters();
  private final RegistryReader reader = new RegistryReader(told);

  @BeforeEach
  void twoRoutersAreThere() {
    assertThat(reader.begin()).isEqualTo(1);
    tell("r1", "a", 1);
    tell("r2", "b", 2);
    reader.allTold();
  }

  private void tell(String router, String entry, long revision) {
    reader.tell(router, entry.getBytes(StandardCharsets.UTF_8), revision);
  }

  @Test
  void aRouterThatEndedUnseenIsGoneWhenTheNextConsumerHasToldAll() {
    assertThat(reader.begin()).isEqualTo(1);
    tell("r2", "b", 7);
    assertThat(told.lines()).containsExactly("r1=a", "r2=b", "r2=b");
    reader.allTold();
    assertThat(told.lines()).containsExactly("r1=a", "r2=b", "r2=b", "r1 gone");
    assertThat(told.revisions()).endsWith(7L, 7L);
  }

  @Test
  void aMarkerThatIsStillThereTellsTheRevisionOfTheEnd() {
    reader.begin();
    tell("r2", "b", 2);
    reader.tell("r1", null, 3);
    reader.allTold();
    assertThat(told.lines()).containsExactly("r1=a", "r2=b", "r2=b", "r1 gone");
    assertThat(told.revisions()).containsExactly(1L, 2L, 2L, 3L);
  }

  @Test
  void anEntryThatComesBackFromBeforeItsEndIsNotTold() {
    reader.tell("r1", null, 3);
    reader.begin();
    tell("r1", "a", 1);
    tell("r2", "b", 2);
    reader.allTold();
    assertThat(told.lines()).containsExactly("r1=a", "r2=b", "r1 gone", "r2=b");
  }

  @Test
  void aMarkerOfARouterThatIsNotThereIsNotTold() {
    reader.tell("r3", null, 3);
    reader.tell("r1", null, 4);
    reader.tell("r1", null, 5);
    assertThat(told.lines()).containsExactly("r1=a", "r2=b", "r1 gone");
  }
}
