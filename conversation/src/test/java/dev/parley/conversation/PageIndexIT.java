package dev.parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PageIndexIT {
  private static final int PAGES = 100_000;

  @Test
  void theChainOfJumpsStaysShort() {
    PageIndex index = PageIndex.EMPTY;
    int longest = 0;
    for (int page = 0; page < PAGES; page++) {
      index = index.with(PageIndex.firstSeqOf(page), page + 1);
      longest = Math.max(longest, index.starts().size());
    }

    assertThat(longest).isLessThanOrEqualTo(2 * 17);
  }
}
