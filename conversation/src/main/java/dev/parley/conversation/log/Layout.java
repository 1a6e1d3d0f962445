package dev.parley.conversation.log;

/**
 * How conversations are spread over shards. Fixed at the first start of a deployment and kept with the log.
 *
 * @param shards how many shards there are: 16 on one node, 64 for a cluster
 * @param window an upper bound, for every version of the program, of the appends in flight per shard (W)
 * @param formatVersion of the records
 */
public record Layout(int shards, int window, int formatVersion) {
  /** More shards than this no deployment has. */
  public static final int MOST_SHARDS = 1024;

  /** The layout of a new deployment on one node. */
  public static final Layout ONE_NODE = new Layout(16, 64, 1);

  public Layout {
    if (shards < 1 || shards > MOST_SHARDS) {
      throw new IllegalArgumentException("shards must be 1 to " + MOST_SHARDS + ", not " + shards);
    }
    if (window < 1 || window > 1024) {
      throw new IllegalArgumentException("window must be 1 to 1024, not " + window);
    }
  }
}
