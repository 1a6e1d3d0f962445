package dev.parley.dispatcher.http;

import dev.parley.dispatcher.http.PostOutcome.Answered;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.function.Consumer;
import org.apache.hc.client5.http.async.methods.AbstractBinResponseConsumer;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpResponse;
import org.jspecify.annotations.Nullable;

/** Keeps the beginning of an answer, and says so as soon as there is more than that. Touched by one thread at a time. */
final class AnswerConsumer extends AbstractBinResponseConsumer<Answered> {
  private final int most;
  private final Consumer<Answered> cut;
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private @Nullable HttpResponse head;

  /** {@code cut}: told the answer when its body is longer than {@code most} bytes; the rest need not come. */
  AnswerConsumer(int most, Consumer<Answered> cut) {
    this.most = most;
    this.cut = cut;
  }

  @Override
  protected void start(HttpResponse response, @Nullable ContentType contentType) {
    head = response;
  }

  @Override
  protected int capacityIncrement() {
    return most;
  }

  @Override
  protected void data(ByteBuffer data, boolean endOfStream) {
    byte[] kept = new byte[Math.min(data.remaining(), most - body.size())];
    data.get(kept);
    body.writeBytes(kept);
    if (data.hasRemaining()) {
      data.position(data.limit());
      cut.accept(buildResult());
    }
  }

  @Override
  protected Answered buildResult() {
    HttpResponse response = Objects.requireNonNull(head);
    Header retryAfter = response.getFirstHeader(HttpHeaders.RETRY_AFTER);
    return new Answered(
        response.getCode(), retryAfter == null ? null : retryAfter.getValue(), body.toByteArray());
  }

  @Override
  public void releaseResources() {}
}
