package dev.parley.bench;

import dev.parley.bench.history.Finding;
import dev.parley.bench.history.Finding.Kind;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/**
 * What the check of a run has shown.
 *
 * @param checked whether all histories were checked against the final log; if not, only what the clients noticed
 *     themselves and what never came is known
 * @param undelivered not checked: acknowledged events that had not come to a member at the end
 * @param counts how often each promise was broken
 * @param findings the first of them in words
 */
public record Verdict(boolean checked, long undelivered, Map<Kind, Long> counts, List<Finding> findings) {

  /** Nothing was wrong. */
  public boolean ok() {
    return counts.isEmpty() && undelivered == 0;
  }

  /** Acknowledged and not on the log, or not delivered to somebody. */
  public long lost() {
    return undelivered + sum(Kind.ACKED_NOT_STORED, Kind.NOT_DELIVERED, Kind.MISSING_HEAD);
  }

  /** On the log twice, acknowledged at two seqs, or delivered twice. */
  public long duplicated() {
    return sum(Kind.STORED_TWICE, Kind.ACKED_AT_TWO_SEQS, Kind.RECEIVED_TWICE);
  }

  /** Delivered after a newer one, seen otherwise than on the log, or stored against the order of time. */
  public long reordered() {
    return sum(Kind.REORDERED, Kind.DISAGREEMENT, Kind.AGAINST_TIME);
  }

  /** Events passed over. */
  public long gaps() {
    return sum(Kind.GAP, Kind.HOLE_IN_LOG);
  }

  private long sum(Kind... kinds) {
    long sum = 0;
    for (Kind kind : kinds) {
      sum += counts.getOrDefault(kind, 0L);
    }
    return sum;
  }

  /** Members of a JSON object. */
  String json() {
    StringJoiner kinds = new StringJoiner(", ", "{", "}");
    sorted().forEach((kind, count) -> kinds.add("\"" + kind + "\": " + count));
    return "\"checked\": " + checked + ", \"lost\": " + lost() + ", \"duplicated\": " + duplicated()
        + ", \"reordered\": " + reordered() + ", \"gaps\": " + gaps() + ", \"findings\": " + kinds;
  }

  /** For a person, without a line's end. */
  String text() {
    return "lost " + lost() + ", duplicated " + duplicated() + ", reordered " + reordered() + ", gaps " + gaps()
        + (counts.isEmpty() ? "" : "; found " + sorted()) + (checked ? "" : " (histories not checked)");
  }

  private Map<Kind, Long> sorted() {
    Map<Kind, Long> sorted = new EnumMap<>(Kind.class);
    sorted.putAll(counts);
    return sorted;
  }
}
