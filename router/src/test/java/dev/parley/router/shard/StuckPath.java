package dev.parley.router.shard;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A TCP proxy in front of a broker that can hold back what its clients send, and let it go on later. */
final class StuckPath implements AutoCloseable {
  private final URI broker;
  private final ServerSocket door;
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private boolean stuck;

  StuckPath(String brokerUrl) {
    broker = URI.create(brokerUrl);
    try {
      door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().start(this::accept);
  }

  String url() {
    return "nats://127.0.0.1:" + door.getLocalPort();
  }

  /** Nothing that is sent from now on arrives. */
  synchronized void stick() {
    stuck = true;
  }

  /** What was held back arrives. */
  synchronized void thaw() {
    stuck = false;
    notifyAll();
  }

  private synchronized void awaitFree() throws InterruptedException {
    while (stuck) {
      wait();
    }
  }

  private void accept() {
    try {
      while (true) {
        Socket client = door.accept();
        Socket server = new Socket(broker.getHost(), broker.getPort());
        open.addAll(List.of(client, server));
        Thread.ofVirtual().start(() -> pump(client, server, true));
        Thread.ofVirtual().start(() -> pump(server, client, false));
      }
    } catch (IOException e) {
      close();
    }
  }

  private void pump(Socket from, Socket to, boolean holdable) {
    byte[] buffer = new byte[8192];
    try (from; to; InputStream in = from.getInputStream(); OutputStream out = to.getOutputStream()) {
      int read;
      while ((read = in.read(buffer)) >= 0) {
        if (holdable) {
          awaitFree();
        }
        out.write(buffer, 0, read);
        out.flush();
      }
    } catch (IOException ended) {
      return; // the other end is closed with this one
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    try {
      door.close();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
