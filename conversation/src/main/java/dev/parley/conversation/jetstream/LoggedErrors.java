package dev.parley.conversation.jetstream;

import io.nats.client.Connection;
import io.nats.client.Consumer;
import io.nats.client.ErrorListener;
import io.nats.client.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes down what a connection complains about; whoever waits for an answer learns it by its own future. */
final class LoggedErrors implements ErrorListener {
  private static final Logger LOG = LoggerFactory.getLogger(LoggedErrors.class);

  private final String name;

  LoggedErrors(String name) {
    this.name = name;
  }

  @Override
  public void errorOccurred(Connection connection, String error) {
    LOG.warn("broker connection {}: {}", name, error);
  }

  @Override
  public void exceptionOccurred(Connection connection, Exception exception) {
    // Every try to reconnect ends here; the listener of the connection tells how it went.
    LOG.debug("broker connection {}", name, exception);
  }

  @Override
  public void slowConsumerDetected(Connection connection, Consumer consumer) {
    LOG.warn("broker connection {}: messages are dropped because they are not taken fast enough", name);
  }

  @Override
  public void messageDiscarded(Connection connection, Message message) {
    LOG.warn("broker connection {}: a message to {} was not sent", name, message.getSubject());
  }
}
