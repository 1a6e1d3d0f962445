package dev.parley.bench.push;

import dev.parley.v1.PushTarget;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;

/** The push lab, as far as a bench needs it: phones, and what they have got. Thread-safe; calls block. */
public interface Lab {
  /** Makes a phone; {@code provider}: fcm or apns. */
  PushTarget newPhone(String provider, String name) throws IOException, InterruptedException;

  /** The phones whose names begin so. */
  List<Phone> phones(String prefix) throws IOException, InterruptedException;

  /** How many pushes all phones have got since the lab was started. */
  long received() throws IOException, InterruptedException;

  /**
   * Tells each push to the phones whose names begin so, until the lab ends or the listener takes less than comes.
   *
   * @param ready told once, when no push is missed any more
   */
  void arrivals(String prefix, Runnable ready, Consumer<Arrival> listener) throws IOException, InterruptedException;

  /**
   * A phone.
   *
   * @param received how many pushes it has got since the lab was started
   * @param badge the number at its app's icon: how many messages its user was told of
   */
  record Phone(String name, long received, long badge) {}

  /** A push that has come to a phone. */
  record Arrival(Instant time, String body) {}
}
