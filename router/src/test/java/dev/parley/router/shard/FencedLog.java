package dev.parley.router.shard;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.ShardLog;
import dev.parley.internal.v1.LogRecord;
import dev.parley.v1.Term;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** All records of a shard, read from its broker when all is quiet. */
final class FencedLog {
  /** Positions of records that do not lie under the Owner record of their own term. */
  final List<Long> outsideTheirTerm = new ArrayList<>();
  /** Positions of records with an earlier time than the one before them. */
  final List<Long> earlierThanBefore = new ArrayList<>();
  /** Where each record lies. */
  final Map<ByteString, List<Long>> positions = new HashMap<>();

  private Instant newest = Instant.EPOCH;
  int owners;
  long tail;
  long newestOwner;

  private FencedLog() {}

  static FencedLog read(ShardLog log) {
    FencedLog read = new FencedLog();
    read.tail = log.tail().join().position();
    Term term = Term.getDefaultInstance();
    for (long from = 1; from <= read.tail; from += ShardLog.MAX_READ) {
      long end = Math.min(read.tail + 1, from + ShardLog.MAX_READ);
      for (ShardLog.StoredRecord stored : log.read(Resolution.positions(from, end)).join()) {
        LogRecord record = Tenure.parse(Objects.requireNonNull(stored, "a replica that is behind"));
        term = read.add(record, stored.position(), term);
      }
    }
    return read;
  }

  private Term add(LogRecord record, long position, Term term) {
    if (record.hasTime()) {
      Instant decided = Timestamps.toInstant(record.getTime());
      if (decided.isBefore(newest)) {
        earlierThanBefore.add(position);
      }
      newest = decided;
    }
    if (record.hasOwner()) {
      assertThat(Terms.compare(record.getTerm(), term)).as("the term at " + position).isPositive();
      owners++;
      newestOwner = position;
      return record.getTerm();
    }
    if (!record.hasFiller()) {
      positions.computeIfAbsent(record.getRecordId(), id -> new ArrayList<>(1)).add(position);
      if (!record.getTerm().equals(term)) {
        outsideTheirTerm.add(position);
      }
    }
    return term;
  }

  /** What these routers were told is what the log holds. */
  void mustHoldWhatWasTold(List<Contender> contenders) {
    assertThat(outsideTheirTerm).as("records outside their term").isEmpty();
    assertThat(earlierThanBefore).as("records with an earlier time than the one before").isEmpty();
    for (Contender contender : contenders) {
      assertThat(contender.toldTwice).isEmpty();
      contender.outcomes.forEach((id, outcome) -> {
        List<Long> found = positions.remove(id);
        if (outcome > 0) {
          assertThat(found).as("an acknowledged record").containsExactly(outcome);
        } else if (outcome == 0) {
          assertThat(found).as("a record that was decided anew").isNull();
        } else if (found != null) {
          assertThat(found).as("a record whose outcome is unknown").hasSize(1);
        }
      });
    }
    assertThat(positions).as("records of which nobody was told").isEmpty();
  }
}
