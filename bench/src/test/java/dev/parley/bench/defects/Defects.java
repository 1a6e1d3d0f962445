package dev.parley.bench.defects;

import dev.parley.bench.defects.Defect.Change;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Mistakes that somebody could make in the protocol, one for each rule that it rests on. */
final class Defects {
  /** A rare meeting of faults is needed, which comes in one of ten to thirty seeds. */
  private static final int SEEDS = 100;
  /** Found at once. */
  private static final int FEW_SEEDS = 3;

  private static final String SHARD = "router/src/main/java/dev/parley/router/shard/";
  private static final String SESSION = "router/src/main/java/dev/parley/router/session/";
  private static final String CONVERSATION = "conversation/src/main/java/dev/parley/conversation/";

  /** What an older owner has on its way lands behind the Owner record of the next one. */
  private static final Defect WITHOUT_FILLERS =
      new Defect(
          "take-over without fillers",
          Set.of("FENCE"),
          SEEDS,
          List.of(new Change(SHARD + "Fence.java", "context.window() == 1", "context.window() >= 1")));

  /** The fillers are put up behind the Owner record, where they hold nothing off. */
  private static final Defect OWNER_RECORD_FIRST =
      new Defect(
          "Owner record first",
          Set.of("FENCE"),
          SEEDS,
          List.of(
              new Change(SHARD + "Fence.java", "context.window() == 1", "context.window() >= 1"),
              new Change(
                  SHARD + "Fence.java",
                  "listener.taken(new Taken(term, id, behind + 1, tail, sent));",
                  """
                  fillers(
                      behind + 1,
                      context.window(),
                      filled -> {
                        if (filled == null) {
                          over = true;
                          listener.taken(new Taken(term, id, behind + 1 + context.window(), tail, sent));
                        } else {
                          refused(tail, filled);
                        }
                      });
                  """),
              new Change(
                  SHARD + "Fence.java",
                  """
                                if (failed == null) {
                                  over = true;
                  """,
                  """
                                if (failed == null) {
                  """)));

  /** A term is what the clock of the router says, whatever terms there were: clocks differ. */
  private static final Defect TERM_BY_THE_CLOCK =
      new Defect(
          "term by the clock alone",
          Set.of("FENCE"),
          FEW_SEEDS,
          List.of(
              new Change(
                  SHARD + "Fence.java",
                  "Math.max(highest.getNumber() + 1, context.clock().millis())",
                  "context.clock().millis()")));

  /** A reader that is behind is believed: what it does not have counts as not stored. */
  private static final Defect TRUSTS_NOT_FOUND =
      new Defect(
          "resolve that trusts \"not found\"",
          Set.of("STORED_TWICE"),
          SEEDS,
          List.of(
              new Change(
                  SHARD + "Resolution.java",
                  "if (failure != null || records.contains(null)) {",
                  "if (failure != null) {"),
              new Change(
                  SHARD + "Resolution.java",
                  "StoredRecord record = Objects.requireNonNull(stored);",
                  "StoredRecord record = stored;\n if (record == null) {\n continue;\n }")));

  /** A command is answered, and its event fed, when its record is sent. */
  private static final Defect ANSWER_BEFORE_ACK =
      new Defect(
          "answer before the ack",
          Set.of("ACKED_BEFORE_STORED"),
          FEW_SEEDS,
          List.of(
              new Change(
                  SHARD + "ShardOwner.java",
                  "    tenure.append(record);\n",
                  """
                      long position = tenure.append(record);
                      CommittedRecord sent =
                          new CommittedRecord(record, record.toByteString(), position, batch.events);
                      feed.committed(sent);
                      outcomes.tell(entry, batch.provisional, batch, sent);
                  """),
              new Change(
                  SHARD + "Tenure.java",
                  """
                    void append(LogRecord record) {
                      chain.append(record);
                  """,
                  """
                    long append(LogRecord record) {
                      return chain.append(record);
                  """),
              new Change(
                  SHARD + "AppendChain.java", "void append(LogRecord record) {", "long append(LogRecord record) {"),
              new Change(
                  SHARD + "AppendChain.java",
                  ".whenComplete(Completion.seen((position, failure) -> answered(attempt, position, failure)));",
                  """
                  .whenComplete(Completion.seen((position, failure) -> answered(attempt, position, failure)));
                      return attempt.position();
                  """)));

  /** Nobody looks whether the id of a command was stored before. */
  private static final Defect SKIPPED_DEDUPE =
      new Defect(
          "skipped dedupe",
          Set.of("STORED_TWICE"),
          FEW_SEEDS,
          List.of(
              new Change(
                  CONVERSATION + "Decider.java",
                  "RecentIds.Entry recent = state.recentIds().find(request.fingerprint());",
                  "RecentIds.Entry recent = null;")));

  /** What is committed while a router is told what it missed is neither in that nor in the live feed. */
  private static final Defect HOLE_AT_THE_EDGE =
      new Defect(
          "hole at the replay/live edge",
          Set.of("GAP", "NOT_DELIVERED"),
          SEEDS,
          List.of(
              new Change(
                  SHARD + "Feeds.java",
                  """
                      } else if (said) {
                        replay(feed, false);
                  """,
                  """
                      } else if (said) {
                        live(feed);
                  """)));

  /** A batch says that it reaches further than it does. */
  private static final Defect WATERMARK_TOO_HIGH =
      new Defect(
          "watermark too high",
          Set.of("GAP", "NOT_DELIVERED"),
          SEEDS,
          List.of(
              new Change(
                  SHARD + "Feeds.java",
                  "feed.fedTo, applied, feed.pending);",
                  "feed.fedTo, applied + 1, feed.pending);"),
              new Change(
                  SHARD + "Feeds.java",
                  "    feed.fedTo = applied;\n    tell(feed, batch);",
                  "    feed.fedTo = applied + 1;\n    tell(feed, batch);"),
              new Change(
                  SHARD + "Feeds.java",
                  "(feed.pending.isEmpty() && feed.fedTo == applied)",
                  "(feed.pending.isEmpty() && feed.fedTo >= applied)")));

  /** A batch is taken by a follower that does not stand at its beginning. */
  private static final Defect OUT_OF_TURN =
      new Defect(
          "feed batch applied out of turn",
          Set.of("GAP", "NOT_DELIVERED"),
          SEEDS,
          List.of(
              new Change(
                  SHARD + "ShardFollower.java",
                  "if (phase != Phase.FOLLOWING || batch.from() != watermark) {",
                  "if (phase != Phase.FOLLOWING) {")));

  /** An owner that has long been out of touch with the log answers from memory. */
  private static final Defect DEPOSED_ANSWERS =
      new Defect(
          "deposed owner answering",
          Set.of("STALE_HEAD"),
          SEEDS,
          List.of(
              new Change(
                  SHARD + "IdleCheck.java",
                  "return proven && context.nanos().getAsLong() - provenNanos < context.limits().idleCheck()"
                      + ".toNanos();",
                  "return proven;")));

  /** A session that has delivered its user's removal goes on. */
  private static final Defect AFTER_REMOVAL =
      new Defect(
          "event after removal",
          Set.of("UNREADABLE"),
          FEW_SEEDS,
          List.of(new Change(SESSION + "Following.java", "if (record.endsMembership()) {", "if (false) {")));

  /** Some of what is fed does not go out. */
  private static final Defect PASSED_OVER =
      new Defect(
          "event passed over",
          Set.of("GAP", "NOT_DELIVERED"),
          FEW_SEEDS,
          List.of(
              new Change(
                  SESSION + "Deliveries.java",
                  "        out.frame(frame);\n        conversation.wrote(record.lastSeq(), record);",
                  "        if (record.lastSeq() % 5 != 0) {\n          out.frame(frame);\n        }\n"
                      + "        conversation.wrote(record.lastSeq(), record);")));

  /** What is fed goes out twice. */
  private static final Defect SENT_TWICE =
      new Defect(
          "event sent twice",
          Set.of("RECEIVED_TWICE"),
          FEW_SEEDS,
          List.of(
              new Change(
                  SESSION + "Deliveries.java",
                  "        out.frame(frame);\n        conversation.wrote(record.lastSeq(), record);",
                  "        out.frame(frame);\n        out.frame(frame);\n"
                      + "        conversation.wrote(record.lastSeq(), record);")));

  /** The events of a record go out from its end to its beginning. */
  private static final Defect BACKWARDS =
      new Defect(
          "events of a record backwards",
          Set.of("REORDERED", "GAP"),
          SEEDS,
          List.of(
              new Change(
                  SESSION + "EncodedFrame.java",
                  "getEventsList().subList(from, to));",
                  "getEventsList().subList(from, to).reversed());")));

  /** Readers are told that there are more messages than there are. The simulation's checker knows events by their ids. */
  private static final Defect ANOTHER_EVENT =
      new Defect(
          "another event than on the log",
          Set.of(),
          FEW_SEEDS,
          List.of(
              new Change(
                  SESSION + "EncodedFrame.java",
                  ".addAllEvents(events)",
                  ".addAllEvents(events.stream()"
                      + ".map(event -> event.concat(ByteString.copyFrom(new byte[] {0x28, 0x7f}))).toList())")));

  /** All of them. */
  static final List<Defect> ALL =
      List.of(
          WITHOUT_FILLERS,
          OWNER_RECORD_FIRST,
          TERM_BY_THE_CLOCK,
          TRUSTS_NOT_FOUND,
          ANSWER_BEFORE_ACK,
          SKIPPED_DEDUPE,
          HOLE_AT_THE_EDGE,
          WATERMARK_TOO_HIGH,
          OUT_OF_TURN,
          DEPOSED_ANSWERS,
          AFTER_REMOVAL,
          PASSED_OVER,
          SENT_TWICE,
          BACKWARDS);

  /**
   * What a router finds of it by itself, comparing what some clients were sent with the log: first that by which it is
   * rightly named, then what comes of it.
   */
  static final Map<Defect, List<String>> SHADOW_KINDS =
      Map.of(
          PASSED_OVER, List.of("SHADOW_MISSING"),
          AFTER_REMOVAL, List.of("SHADOW_FOREIGN"),
          SENT_TWICE, List.of("SHADOW_DOUBLED"),
          BACKWARDS, List.of("SHADOW_REORDERED", "SHADOW_MISSING"),
          ANOTHER_EVENT, List.of("SHADOW_DIFFERENT"));

  /** No mistake: another way to say the same. */
  static final Change HARMLESS =
      new Change(
          SHARD + "Fence.java", "if (context.window() == 1) {", "boolean one = context.window() == 1;\n    if (one) {");

  private Defects() {}
}
