package dev.parley.conversation.tokens;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.log.Broker.TableName;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.Table;
import dev.parley.conversation.log.memory.MemoryBroker;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RevokedTokensTest {
  private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");

  private final Table table = new MemoryBroker(Layout.ONE_NODE).table(TableName.REVOCATIONS);

  private RevokedTokens loaded() {
    RevokedTokens tokens = new RevokedTokens(table);
    tokens.load().join();
    return tokens;
  }

  @Test
  void aRevocationIsInForceEverywhereAndAfterAStart() {
    RevokedTokens here = loaded();
    RevokedTokens there = loaded();
    List<String> told = new ArrayList<>();
    there.onChange((user, before) -> told.add(user + " " + before + " " + there.issuedBefore(user)));

    assertThat(here.revoke("ann", NOON).join()).isEqualTo(NOON);

    assertThat(here.issuedBefore("ann")).isEqualTo(NOON);
    assertThat(there.issuedBefore("ann")).isEqualTo(NOON);
    assertThat(told).containsExactly("ann " + NOON + " " + NOON);
    assertThat(loaded().issuedBefore("ann")).isEqualTo(NOON);
    assertThat(here.issuedBefore("ben")).isEqualTo(Instant.EPOCH);
  }

  @Test
  void theLatestTimeHolds() {
    RevokedTokens here = loaded();
    RevokedTokens notLoaded = new RevokedTokens(table);
    here.revoke("ann", NOON).join();

    assertThat(notLoaded.revoke("ann", NOON.minusSeconds(60)).join()).isEqualTo(NOON);
    assertThat(notLoaded.issuedBefore("ann")).isEqualTo(NOON);
    assertThat(notLoaded.revoke("ann", NOON.plusSeconds(1)).join()).isEqualTo(NOON.plusSeconds(1));
    assertThat(here.issuedBefore("ann")).isEqualTo(NOON.plusSeconds(1));
  }
}
