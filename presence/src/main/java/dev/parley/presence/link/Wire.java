package dev.parley.presence.link;

import dev.parley.internal.v1.FromPresence;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;

/** The stream to one router, as the link needs it. Called on the loop alone. */
interface Wire {
  /** Whether what is sent now goes out soon. */
  boolean ready();

  /** Sends a frame; does nothing once it has ended. */
  void send(FromPresence frame);

  /** Lets the next frame come in: without it none does. */
  void more();

  /** Ends the stream with a reason; does nothing once it has ended. */
  void end(StatusRuntimeException reason);

  /** A planned end. */
  default void close() {
    end(Status.UNAVAILABLE.withDescription("this instance of presence stops: link to another one").asRuntimeException());
  }
}
