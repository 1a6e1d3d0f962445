package dev.parley.conversation;

/**
 * Up to where the newest saved snapshot of a conversation reaches.
 *
 * @param seq the newest event in it; 0: there is none
 * @param foldedBytes the bytes of all records up to there
 */
public record SnapshotMark(long seq, long foldedBytes) {
  /** No snapshot was saved. */
  public static final SnapshotMark NONE = new SnapshotMark(0, 0);
}
