package dev.parley.dispatcher.http;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An HTTP server on the loopback address that answers badly, by the first part of the path: {@code /never},
 * {@code /drip}, {@code /half}, {@code /huge}, {@code /headers}, {@code /garbage}, {@code /hang-up}, {@code /redirect},
 * {@code /status/503/30} (with Retry-After); 200 to all else. The manner of a path can be changed.
 */
public final class NastyServer implements AutoCloseable {
  private static final int MOMENT_MS = 20;

  private final ServerSocket socket;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final Map<String, String> manners = new ConcurrentHashMap<>();
  /** All that came, in its order. */
  public final List<Request> requests = new CopyOnWriteArrayList<>();

  /** A request: header names in lower case. */
  public record Request(String path, Map<String, String> headers, String body) {}

  public NastyServer() throws IOException {
    socket = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    Thread.startVirtualThread(this::accept);
  }

  public String url(String path) {
    return "http://127.0.0.1:" + socket.getLocalPort() + path;
  }

  public int port() {
    return socket.getLocalPort();
  }

  /** How many connections are open. */
  public int connections() {
    return open.size();
  }

  /** From now on this path is answered as that one. */
  public void manner(String path, String as) {
    manners.put(path, as);
  }

  /** What came for this path. */
  public List<Request> to(String path) {
    return requests.stream().filter(request -> request.path().equals(path)).toList();
  }

  private void accept() {
    while (!socket.isClosed()) {
      try {
        Socket accepted = socket.accept();
        open.add(accepted);
        Thread.startVirtualThread(() -> serve(accepted));
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  private void serve(Socket connection) {
    try (connection) {
      InputStream in = new BufferedInputStream(connection.getInputStream());
      while (answer(read(in), connection, in)) {}
    } catch (IOException | UncheckedIOException e) {
      // The client has closed, as it should, or this server is.
    } finally {
      open.remove(connection);
    }
  }

  private Request read(InputStream in) throws IOException {
    List<String> head = new ArrayList<>();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      head.add(line);
    }
    Map<String, String> headers = new TreeMap<>();
    for (String line : head.subList(1, head.size())) {
      int colon = line.indexOf(':');
      headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    byte[] body = in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
    Request request = new Request(head.getFirst().split(" ")[1], headers, new String(body, StandardCharsets.UTF_8));
    requests.add(request);
    return request;
  }

  private static String line(InputStream in) throws IOException {
    var line = new ByteArrayOutputStream();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("the client has closed");
      }
      line.write(c);
    }
    return line.toString(StandardCharsets.US_ASCII).strip();
  }

  /** False: nothing more comes on this connection. */
  private boolean answer(Request request, Socket connection, InputStream in) throws IOException {
    OutputStream out = connection.getOutputStream();
    String[] manner = manners.getOrDefault(request.path(), request.path()).split("/");
    switch (manner[1]) {
      case "never" -> in.read(); // until the client closes
      case "drip" -> {
        write(out, "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
        while (true) {
          write(out, "x");
          if (closes(connection, in)) {
            return false;
          }
        }
      }
      case "half" -> {
        write(out, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly so much");
        return false;
      }
      case "huge" -> {
        write(out, "HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n");
        while (true) {
          write(out, "a".repeat(10_000));
        }
      }
      case "headers" -> {
        write(out, "HTTP/1.1 200 OK\r\n");
        while (true) {
          write(out, "x-more: " + "y".repeat(1_000) + "\r\n");
        }
      }
      case "garbage" -> write(out, "this is no HTTP at all\r\n\r\n");
      case "hang-up" -> {
        return false;
      }
      case "redirect" -> write(out, "HTTP/1.1 307 No\r\nlocation: " + url("/target") + "\r\ncontent-length: 0\r\n\r\n");
      case "cookie" -> write(out, "HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n");
      case "status" -> {
        String retry = manner.length > 3 ? "retry-after: " + manner[3] + "\r\n" : "";
        write(out, "HTTP/1.1 " + manner[2] + " No\r\n" + retry + "content-length: 2\r\n\r\nno");
      }
      default -> write(out, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    }
    return !manner[1].equals("garbage") && !manner[1].equals("never");
  }

  /** Whether the client closes within a moment, which lies between two bytes. */
  private static boolean closes(Socket connection, InputStream in) throws IOException {
    connection.setSoTimeout(MOMENT_MS);
    try {
      return in.read() < 0;
    } catch (SocketTimeoutException stillThere) {
      return false;
    }
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.US_ASCII));
    out.flush();
  }

  @Override
  public void close() throws IOException {
    socket.close();
    for (Socket connection : open) {
      connection.close();
    }
  }
}
