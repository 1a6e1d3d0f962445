package dev.parley.pushlab.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The requests of one connection. Used by the thread of the connection alone. */
final class Http2Requests extends Http2EventAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(Http2Requests.class);
  private static final int MOST_BODY = 16 << 10;
  private static final byte[] FLOOD = new byte[16 << 10];
  private static final int FLOOD_PARTS = 4_096;

  private final Endpoint endpoint;
  private final Supplier<@Nullable Fault> faults;
  private @Nullable Http2ConnectionHandler handler;
  private Http2Connection.@Nullable PropertyKey incoming;

  /** A request of which a part is still to come. */
  private static final class Incoming {
    final Http2Headers headers;
    final ByteArrayOutputStream body = new ByteArrayOutputStream();
    boolean cut;

    Incoming(Http2Headers headers) {
      this.headers = headers;
    }

    void add(ByteBuf data) {
      int fits = Math.min(data.readableBytes(), MOST_BODY - body.size());
      cut |= fits < data.readableBytes();
      byte[] part = new byte[fits];
      data.getBytes(data.readerIndex(), part);
      body.write(part, 0, fits);
    }
  }

  Http2Requests(Endpoint endpoint, Supplier<@Nullable Fault> faults) {
    this.endpoint = endpoint;
    this.faults = faults;
  }

  /** Tells the handler of the connection, before anything is read. */
  void attach(Http2ConnectionHandler handler) {
    this.handler = handler;
    this.incoming = handler.connection().newKey();
  }

  private Http2Connection connection() {
    return Objects.requireNonNull(handler).connection();
  }

  private Http2ConnectionEncoder encoder() {
    return Objects.requireNonNull(handler).encoder();
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx,
      int streamId,
      Http2Headers headers,
      int dependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean end) {
    onHeadersRead(ctx, streamId, headers, padding, end);
  }

  @Override
  public void onHeadersRead(ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean end) {
    Http2Stream stream = connection().stream(streamId);
    Incoming request = stream.getProperty(Objects.requireNonNull(incoming));
    if (request == null) {
      request = new Incoming(headers);
      stream.setProperty(incoming, request);
    }
    if (end) {
      answer(ctx, streamId, request);
    }
  }

  @Override
  public int onDataRead(ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean end) {
    int read = data.readableBytes() + padding;
    Incoming request = connection().stream(streamId).getProperty(Objects.requireNonNull(incoming));
    if (request != null) {
      request.add(data);
      if (end) {
        answer(ctx, streamId, request);
      }
    }
    return read;
  }

  private void answer(ChannelHandlerContext ctx, int streamId, Incoming incoming) {
    Request request = request(incoming);
    Fault fault = endpoint.mayFail(request) ? faults.get() : null;
    if (fault == null) {
      write(ctx, streamId, answered(request));
      return;
    }
    switch (fault.kind()) {
      case STATUS -> {
        Answer failure = endpoint.failure(fault);
        int after = fault.retryAfterSeconds();
        write(ctx, streamId, after == 0 ? failure : failure.with("retry-after", Integer.toString(after)));
      }
      case SLOW ->
          ctx.executor()
              .schedule(
                  () -> {
                    write(ctx, streamId, answered(request));
                    flush(ctx);
                  },
                  fault.delay().toMillis(),
                  TimeUnit.MILLISECONDS);
      case FLOOD -> {
        encoder()
            .writeHeaders(ctx, streamId, new DefaultHttp2Headers().status("200"), 0, false, ctx.newPromise());
        flood(ctx, streamId, FLOOD_PARTS);
      }
      case SILENCE, REFUSE -> LOG.debug("no answer, as told");
    }
  }

  private Answer answered(Request request) {
    try {
      return endpoint.answer(request);
    } catch (RuntimeException e) {
      LOG.error("a request could not be answered", e);
      return endpoint.failure(Fault.status(500, 1));
    }
  }

  private static Request request(Incoming incoming) {
    Map<String, String> headers = new HashMap<>();
    incoming.headers.forEach(header -> headers.putIfAbsent(header.getKey().toString(), header.getValue().toString()));
    return new Request(
        headers.getOrDefault(":method", ""),
        headers.getOrDefault(":path", ""),
        headers,
        incoming.body.toByteArray(),
        incoming.cut);
  }

  /** By the handler, which first writes what waits for flow control. */
  private void flush(ChannelHandlerContext ctx) {
    Objects.requireNonNull(handler).flush(ctx);
  }

  /** Leaves flushing to the end of what is read, so that answers share it. */
  private void write(ChannelHandlerContext ctx, int streamId, Answer answer) {
    if (connection().stream(streamId) == null) {
      return; // whoever asked does not wait any longer
    }
    Http2Headers headers = new DefaultHttp2Headers().status(Integer.toString(answer.status()));
    answer.headers().forEach(headers::set);
    boolean empty = answer.body().length == 0;
    encoder().writeHeaders(ctx, streamId, headers, 0, empty, ctx.newPromise());
    if (!empty) {
      encoder().writeData(ctx, streamId, Unpooled.wrappedBuffer(answer.body()), 0, true, ctx.newPromise());
    }
  }

  /** Writes one part after the other, as fast as they are taken. */
  private void flood(ChannelHandlerContext ctx, int streamId, int parts) {
    encoder()
        .writeData(ctx, streamId, Unpooled.wrappedBuffer(FLOOD), 0, parts == 1, ctx.newPromise())
        .addListener(
            written -> {
              if (written.isSuccess() && parts > 1) {
                flood(ctx, streamId, parts - 1);
              }
            });
    flush(ctx);
  }
}
