package dev.parley.chassis.admin;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import dev.parley.chassis.server.Logging;
import java.util.Locale;
import org.slf4j.LoggerFactory;

/** The log levels of this process. Thread-safe. */
final class LogLevels {
  private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();

  /** The loggers that have a level of their own, one a line, as {@code dev.parley.router=DEBUG}. */
  String told() {
    StringBuilder lines = new StringBuilder();
    for (Logger logger : context.getLoggerList()) {
      if (logger.getLevel() != null) {
        lines.append(logger.getName()).append('=').append(logger.getLevel()).append('\n');
      }
    }
    return lines.toString();
  }

  /**
   * Sets a level. Only loggers that exist can be named, so that nobody can make this process remember names.
   *
   * @throws IllegalArgumentException with one line that says what to write instead
   */
  void set(String name, String level) {
    Logger logger = context.exists(name);
    if (logger == null) {
      throw new IllegalArgumentException("there is no logger of that name: write a package or class that has logged");
    }
    Level wanted = Level.toLevel(level.toUpperCase(Locale.ROOT), null);
    if (wanted == null) {
      throw new IllegalArgumentException("level must be one of TRACE, DEBUG, INFO, WARN, ERROR and OFF");
    }
    boolean own = name.equals(Logging.OWN) || name.startsWith(Logging.OWN + ".");
    if (!own && !wanted.isGreaterOrEqual(Logging.FINEST_OF_OTHERS)) {
      throw new IllegalArgumentException(
          "libraries write headers and messages at that level, tokens among them: only " + Logging.OWN + " may log so much");
    }
    logger.setLevel(wanted);
  }
}
