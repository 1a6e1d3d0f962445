package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ByteBudgetTest {
  private final ByteBudget budget = new ByteBudget(100);
  private final ByteBudget.Share one = budget.share();
  private final ByteBudget.Share other = budget.share();

  @Test
  void allTogetherHoldNoMoreThanTheLimit() {
    assertThat(one.hold(60)).isTrue();
    assertThat(other.hold(41)).isFalse();
    assertThat(other.hold(40)).isTrue();
    assertThat(budget.held()).isEqualTo(100);
  }

  @Test
  void whatIsNotHeldAnyMoreIsThereForOthers() {
    one.hold(100);
    assertThat(one.hold(30)).isTrue();
    assertThat(other.hold(70)).isTrue();
    one.close();
    assertThat(other.hold(100)).isTrue();
  }

  @Test
  void aRefusalChangesNothing() {
    one.hold(60);
    assertThat(one.hold(101)).isFalse();
    assertThat(budget.held()).isEqualTo(60);
  }

  @Test
  void aShareThatIsClosedHoldsNothingAgain() {
    one.hold(60);
    one.close();
    assertThat(one.hold(1)).isFalse();
    one.close();
    assertThat(budget.held()).isZero();
  }
}
