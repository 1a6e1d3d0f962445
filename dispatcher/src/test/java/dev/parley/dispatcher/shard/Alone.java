package dev.parley.dispatcher.shard;

/** Nobody else works on the shards of a dispatcher. */
final class Alone implements Dispatcher.ShardListener {
  @Override
  public void own(int shard) {}

  @Override
  public void disown(int shard) {}

  @Override
  public void grown(int shard, long position) {}
}
