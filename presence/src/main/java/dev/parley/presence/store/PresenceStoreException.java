package dev.parley.presence.store;

/** The store did not do what it was asked; whether it will is not known. */
public final class PresenceStoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With what happened. */
  public PresenceStoreException(String message) {
    super(message);
  }

  /** With the cause. */
  public PresenceStoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
