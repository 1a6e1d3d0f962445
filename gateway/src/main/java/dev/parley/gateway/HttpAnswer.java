package dev.parley.gateway;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The answer to a request.
 *
 * @param headers beside content-type and content-length
 */
record HttpAnswer(HttpResponseStatus status, String contentType, byte[] body, Map<String, String> headers) {
  private static final String TEXT = "text/plain; charset=utf-8";

  /** A line for a person. */
  static HttpAnswer text(HttpResponseStatus status, String text) {
    return new HttpAnswer(status, TEXT, (text + "\n").getBytes(StandardCharsets.UTF_8), Map.of());
  }

  /** The same with one more header. */
  HttpAnswer with(String header, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(header, value);
    return new HttpAnswer(status, contentType, body, more);
  }

  /**
   * Sends it; then the connection is closed, or ready for the next request.
   *
   * @param withBody whether the body is sent too, and not only its length
   * @return done when it is written, or the connection is gone
   */
  ChannelFuture send(Channel to, boolean keepAlive, boolean withBody) {
    ChannelFuture sent = write(to, keepAlive, withBody);
    if (!keepAlive) {
      sent.addListener(ChannelFutureListener.CLOSE);
    }
    return sent;
  }

  /**
   * Sends it before the request has come whole; nothing more is answered on the connection. A close would reset it while
   * the other side still sends, and take the answer away: so the output alone is closed, what comes is dropped, and the
   * other side, or the time limit of requests, closes the rest.
   */
  void sendEarly(Channel to) {
    write(to, false, true)
        .addListener(
            written -> {
              if (to instanceof DuplexChannel socket) {
                socket.shutdownOutput();
              } else {
                to.close();
              }
            });
  }

  private ChannelFuture write(Channel to, boolean keepAlive, boolean withBody) {
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, status, withBody ? Unpooled.wrappedBuffer(body) : Unpooled.EMPTY_BUFFER);
    if (status.equals(HttpResponseStatus.NOT_MODIFIED)) {
      response.headers().set(HttpHeaderNames.CONTENT_LENGTH, 0);
    } else {
      response.headers().set(HttpHeaderNames.CONTENT_TYPE, contentType);
      response.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.length);
    }
    response.headers().set("x-content-type-options", "nosniff");
    headers.forEach(response.headers()::set);
    response
        .headers()
        .set(HttpHeaderNames.CONNECTION, keepAlive ? HttpHeaderValues.KEEP_ALIVE : HttpHeaderValues.CLOSE);
    return to.writeAndFlush(response);
  }
}
