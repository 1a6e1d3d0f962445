package dev.parley.chassis.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * The log of every program here: standard error, one line an event, causes included. Its level is the environment
 * variable {@code PARLEY_LOG_LEVEL}, by default INFO; its form is {@code PARLEY_LOG_FORMAT}, {@code text} for people or
 * {@code json} for programs, see {@link JsonLines}. Found by logback itself; written in Java because parsing XML would
 * cost every start a tenth of a second.
 *
 * <p>What users write and authenticate with is never logged: events name conversations, users and sizes. Libraries say at
 * DEBUG what goes over their connections, so only Parley's own loggers may be finer than INFO.
 */
public final class Logging extends ContextAwareBase implements Configurator {
  /** The loggers of Parley itself. */
  public static final String OWN = "dev.parley";

  /** The finest level of all others. */
  public static final Level FINEST_OF_OTHERS = Level.INFO;

  /** Set by the command line, whose terminal is not a log. */
  private static final String LEVEL = "parley.log.level";

  private static final String ONE_LINE =
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0} [%thread] "
          + "%replace(%msg){'[\\p{Cntrl}\\u0085\\u2028\\u2029]+', ' '}"
          + "%replace(%replace( %ex{12}){'\\s*[\\r\\n\\u0085\\u2028\\u2029]+\\s*', ' | '}){'\\p{Cntrl}', ' '}%nopex%n";

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    Encoder<ILoggingEvent> encoder = encoder(System.getenv("PARLEY_LOG_FORMAT"), context);
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setContext(context);
    appender.setTarget("System.err");
    appender.setEncoder(encoder);
    appender.start();
    ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    Level level = Level.toLevel(System.getProperty(LEVEL, System.getenv("PARLEY_LOG_LEVEL")), Level.INFO);
    root.setLevel(level.isGreaterOrEqual(FINEST_OF_OTHERS) ? level : FINEST_OF_OTHERS);
    context.getLogger(OWN).setLevel(level);
    root.addAppender(appender);
    // gRPC and the JDK log by java.util.logging.
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  /** How events are written; {@code format}: json, or anything else for text. */
  static Encoder<ILoggingEvent> encoder(@Nullable String format, LoggerContext context) {
    Encoder<ILoggingEvent> encoder;
    if ("json".equals(format)) {
      encoder = new JsonLines();
    } else {
      PatternLayoutEncoder text = new PatternLayoutEncoder();
      text.setPattern(ONE_LINE);
      encoder = text;
    }
    encoder.setContext(context);
    encoder.start();
    return encoder;
  }
}
