package dev.parley.cli.stack;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Takes spans by OTLP over HTTP and keeps what a test looks at. Thread-safe. */
final class SpanCollector implements AutoCloseable {
  private final HttpServer server;
  private final List<Span> spans = new CopyOnWriteArrayList<>();

  /** A span of one program ({@code instance}); its ids in hexadecimal digits. */
  record Span(String instance, String name, String trace, String id, String parent) {}

  SpanCollector() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/traces",
        exchange -> {
          take(UnknownFieldSet.parseFrom(exchange.getRequestBody().readAllBytes()));
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
  }

  String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1/traces";
  }

  List<Span> spans() {
    return spans;
  }

  /** The numbers are those of OTLP's ExportTraceServiceRequest and of what is in it. */
  private void take(UnknownFieldSet request) {
    for (UnknownFieldSet ofProgram : messages(request, 1)) {
      String instance = "";
      for (UnknownFieldSet attribute : messages(messages(ofProgram, 1).getFirst(), 1)) {
        if (text(attribute, 1).equals("service.instance.id")) {
          instance = text(messages(attribute, 2).getFirst(), 1);
        }
      }
      for (UnknownFieldSet scope : messages(ofProgram, 2)) {
        for (UnknownFieldSet span : messages(scope, 2)) {
          spans.add(new Span(instance, text(span, 5), hex(span, 1), hex(span, 2), hex(span, 4)));
        }
      }
    }
  }

  private static List<UnknownFieldSet> messages(UnknownFieldSet in, int field) {
    return in.getField(field).getLengthDelimitedList().stream().map(SpanCollector::parse).toList();
  }

  private static UnknownFieldSet parse(ByteString bytes) {
    try {
      return UnknownFieldSet.parseFrom(bytes);
    } catch (IOException e) {
      throw new IllegalArgumentException("this is no message", e);
    }
  }

  private static ByteString bytes(UnknownFieldSet in, int field) {
    List<ByteString> all = in.getField(field).getLengthDelimitedList();
    return all.isEmpty() ? ByteString.EMPTY : all.getFirst();
  }

  private static String text(UnknownFieldSet in, int field) {
    return bytes(in, field).toStringUtf8();
  }

  private static String hex(UnknownFieldSet in, int field) {
    return HexFormat.of().formatHex(bytes(in, field).toByteArray());
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
