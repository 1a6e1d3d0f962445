package dev.parley.router.shard;

import java.util.List;

/** What came of reading for one who is behind. */
public sealed interface ReadAnswer {
  /** Records in order. */
  record Records(List<CommittedRecord> records) implements ReadAnswer {}

  /** What was asked for was trimmed: the owner says where the conversation goes on. */
  record Trimmed() implements ReadAnswer {}

  /** It cannot be read now. */
  record Failed() implements ReadAnswer {}
}
