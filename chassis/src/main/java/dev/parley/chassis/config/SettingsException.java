package dev.parley.chassis.config;

/** The settings cannot be used. The message is one line that names the key and says what to do. */
public final class SettingsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With the line for the operator. */
  public SettingsException(String message) {
    super(message);
  }
}
