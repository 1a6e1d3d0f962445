package dev.parley.dispatcher.push.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.hc.core5.concurrent.FutureCallback;
import org.apache.hc.core5.http.EntityDetails;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.nio.AsyncResponseConsumer;
import org.apache.hc.core5.http.nio.CapacityChannel;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.http2.H2Error;
import org.apache.hc.core5.http2.H2StreamResetException;
import org.jspecify.annotations.Nullable;

/**
 * Reads a reply up to its limit. When more comes the reply is told as it is by then, and the stream is reset: who sends
 * without end holds neither memory nor a stream. Used by one thread at a time, that of the connection.
 */
final class ReplyConsumer implements AsyncResponseConsumer<Reply> {
  private final CompletableFuture<Reply> told;
  private final ByteBuffer body;
  private int status;
  private @Nullable String retryAfter;
  private @Nullable FutureCallback<Reply> callback;

  ReplyConsumer(CompletableFuture<Reply> told, int most) {
    this.told = told;
    this.body = ByteBuffer.allocate(most);
  }

  @Override
  public void consumeResponse(
      HttpResponse response, @Nullable EntityDetails entity, HttpContext context, FutureCallback<Reply> callback) {
    Header retry = response.getFirstHeader(HttpHeaders.RETRY_AFTER);
    this.status = response.getCode();
    this.retryAfter = retry == null ? null : retry.getValue();
    this.callback = callback;
    if (entity == null) {
      finish();
    }
  }

  @Override
  public void informationResponse(HttpResponse response, HttpContext context) {
    // What comes before the answer says nothing of it.
  }

  @Override
  public void updateCapacity(CapacityChannel capacity) throws IOException {
    capacity.update(Integer.MAX_VALUE);
  }

  @Override
  public void consume(ByteBuffer part) throws IOException {
    int fits = Math.min(part.remaining(), body.remaining());
    body.put(part.slice(part.position(), fits));
    part.position(part.position() + fits);
    if (part.hasRemaining()) {
      told.complete(reply());
      throw new H2StreamResetException(H2Error.CANCEL, "the answer is larger than " + body.capacity() + " bytes");
    }
  }

  @Override
  public void streamEnd(@Nullable List<? extends Header> trailers) {
    finish();
  }

  private void finish() {
    Reply reply = reply();
    told.complete(reply);
    if (callback != null) {
      callback.completed(reply);
    }
  }

  private Reply reply() {
    return new Reply(status, retryAfter, new String(body.array(), 0, body.position(), StandardCharsets.UTF_8));
  }

  @Override
  public void failed(Exception cause) {
    told.completeExceptionally(cause);
  }

  @Override
  public void releaseResources() {
    // Holds memory alone.
  }
}
