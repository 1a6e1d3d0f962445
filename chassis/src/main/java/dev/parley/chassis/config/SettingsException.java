package dev.parley.chassis.config;

/** The settings cannot be used. The message has a line for each thing that is wrong, with the key and what to do. */
public final class SettingsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With the lines for the operator. */
  public SettingsException(String message) {
    super(message);
  }
}
