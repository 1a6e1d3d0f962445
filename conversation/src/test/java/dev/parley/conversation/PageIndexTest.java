package dev.parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.internal.v1.LogRecord;
import java.util.List;
import org.junit.jupiter.api.Test;

class PageIndexTest {
  @Test
  void aPageIsSixtyFourEvents() {
    assertThat(PageIndex.pageOf(1)).isZero();
    assertThat(PageIndex.pageOf(64)).isZero();
    assertThat(PageIndex.pageOf(65)).isEqualTo(1);
    assertThat(PageIndex.firstSeqOf(1)).isEqualTo(65);
  }

  @Test
  void theOpenPageHasThePositionsOfItsRecords() {
    PageIndex index = PageIndex.EMPTY.with(1, 10).with(11, 25).with(65, 70).with(70, 90);

    assertThat(index.openPage()).isEqualTo(1);
    assertThat(index.openPositions()).containsExactly(70, 90);
    assertThat(index.starts().size()).isEqualTo(2);
    assertThat(index.starts().getFirst().getPosition()).isEqualTo(70);
    assertThat(index.starts().getLast().getPosition()).isEqualTo(10);
  }

  @Test
  void aPagesFirstRecordLinksToAllRecordsOfThePageBefore() {
    PageIndex index = PageIndex.EMPTY.with(1, 10).with(11, 25).with(60, 26);

    LogRecord first = LogRecord.newBuilder()
        .setFirstSeq(65)
        .setPreviousPosition(26)
        .setPageLinks(index.linksOfNextPage())
        .build();

    assertThat(PageIndex.previousPage(first)).containsExactly(10, 25, 26);
    assertThat(first.getPageLinks().getPositionDeltasList()).containsExactly(0L, 1L, 15L);
  }

  @Test
  void jumpsFollowTheSkewBinaryRule() {
    PageIndex index = PageIndex.EMPTY;
    long[] jumps = new long[16];
    for (int page = 0; page < jumps.length; page++) {
      jumps[page] = page == 0 ? 0 : index.linksOfNextPage().getJumpPage();
      index = index.with(PageIndex.firstSeqOf(page), page + 1);
    }

    assertThat(jumps).containsExactly(0, 0, 1, 0, 3, 4, 3, 0, 7, 8, 7, 10, 11, 10, 7, 0);
  }

  @Test
  void aRecordThatSkipsAPageIsRefused() {
    PageIndex index = PageIndex.EMPTY.with(1, 10);

    assertThatThrownBy(() -> index.with(129, 20)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> index.with(66, 20)).isInstanceOf(IllegalArgumentException.class);
    assertThat(index).isEqualTo(PageIndex.of(List.of(10L), index.starts()));
  }
}
