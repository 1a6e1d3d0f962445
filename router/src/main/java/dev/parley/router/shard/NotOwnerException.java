package dev.parley.router.shard;

/** This router does not own the shard: whoever asked must ask the one that does. */
final class NotOwnerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NotOwnerException() {
    super("another router owns the shard", null, false, false);
  }
}
