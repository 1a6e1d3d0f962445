package dev.parley.chassis.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import org.slf4j.Logger;

/**
 * The log of every program here: standard error, one line an event, causes included. Its level is the environment
 * variable {@code PARLEY_LOG_LEVEL}, by default INFO. Found by logback itself; written in Java because parsing XML would
 * cost every start a tenth of a second.
 *
 * <p>What users write is never logged: events name conversations, users and sizes.
 */
public final class Logging extends ContextAwareBase implements Configurator {
  /** Set by the command line, whose terminal is not a log. */
  private static final String LEVEL = "parley.log.level";

  private static final String ONE_LINE =
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0} [%thread] "
          + "%replace(%msg){'[\\r\\n]+', ' '}%replace( %ex{12}){'\\s*[\\r\\n]+\\s*', ' | '}%nopex%n";

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(ONE_LINE);
    encoder.start();
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setContext(context);
    appender.setTarget("System.err");
    appender.setEncoder(encoder);
    appender.start();
    ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.toLevel(System.getProperty(LEVEL, System.getenv("PARLEY_LOG_LEVEL")), Level.INFO));
    root.addAppender(appender);
    // Netty and grpc say at DEBUG what only their authors want to know.
    context.getLogger("io.netty").setLevel(Level.INFO);
    context.getLogger("io.grpc").setLevel(Level.INFO);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }
}
