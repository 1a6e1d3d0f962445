package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.Broker.TableName;
import java.util.Locale;

/** Where everything lies at the broker. */
final class StreamNames {
  /** Cut copies of replaced records: {@code cut.{shard}.{position}}. */
  static final String CUTS = "cuts";

  static final String CUTS_SUBJECTS = "cut.*.*";

  /** Read marks: {@code marks.{shard}}. */
  static final String MARKS = "marks";

  static final String MARKS_SUBJECTS = "marks.*";

  /** What dispatchers have done: {@code dispatch.{shard}}. */
  static final String DISPATCH = "dispatch";

  static final String DISPATCH_SUBJECTS = "dispatch.*";

  /** Questions to all routers. No stream takes them. */
  static final String INQUIRIES = "inquiries";

  /** The bucket of the dispatchers' registrations: {@code {dispatcher}}. */
  static final String DISPATCHERS = "dispatchers";

  /** The bucket of the routers' registrations: {@code {router}}. */
  static final String ROUTERS = "routers";

  private StreamNames() {}

  static String shard(int shard) {
    return "shard-" + shard;
  }

  static String shardSubjects(int shard) {
    return "chat." + shard + ".>";
  }

  static String record(int shard, String key) {
    return "chat." + shard + "." + SubjectKey.encode(key);
  }

  static String cut(int shard, long position) {
    return "cut." + shard + "." + position;
  }

  static String marks(int shard) {
    return "marks." + shard;
  }

  static String dispatch(int shard) {
    return DISPATCH + "." + shard;
  }

  /** The number at the end of a subject of {@link #MARKS} or {@link #DISPATCH}. */
  static int shardOf(String subject) {
    return Integer.parseInt(subject, subject.lastIndexOf('.') + 1, subject.length(), 10);
  }

  /** The bucket of a table; its stream is a key-value bucket's, so that NATS's own tools read it. */
  static String bucket(TableName name) {
    return name.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static String bucketStream(String bucket) {
    return "KV_" + bucket;
  }

  static String bucketSubjects(String bucket) {
    return "$KV." + bucket + ".>";
  }

  static String value(String bucket, String key) {
    return "$KV." + bucket + "." + SubjectKey.encode(key);
  }

  /** Notices to whoever holds sessions of a user. No stream takes them. */
  static String wakes(String userId) {
    return "user." + SubjectKey.encode(userId);
  }
}
