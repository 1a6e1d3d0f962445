package dev.parley.bench.history;

/**
 * What one client sent to one conversation and what it was answered: 16 bytes a send, 24 an acknowledgement. Times are
 * nanoseconds of one clock for all clients.
 */
final class Sends {
  final LongList sentIdentity = new LongList();
  final LongList sentNanos = new LongList();
  final LongList ackedIdentity = new LongList();
  final LongList ackedSeq = new LongList();
  final LongList ackedNanos = new LongList();
  final LongList refusedIdentity = new LongList();

  void sent(long identity, long nanos) {
    sentIdentity.add(identity);
    sentNanos.add(nanos);
  }

  void acked(long identity, long seq, long nanos) {
    ackedIdentity.add(identity);
    ackedSeq.add(seq);
    ackedNanos.add(nanos);
  }

  void refused(long identity) {
    refusedIdentity.add(identity);
  }
}
