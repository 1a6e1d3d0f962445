package dev.parley.dispatcher.http;

import dev.parley.dispatcher.http.PostOutcome.Answered;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.function.BooleanSupplier;
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
  private final BooleanSupplier givenUp;
  private @Nullable HttpResponse head;

  /**
   * Reads one answer.
   *
   * @param cut told the answer when its body is longer than {@code most} bytes; the rest need not come
   * @param givenUp nobody waits for it any more: what comes then ends the connection. A cancelled exchange alone does so
   *     mostly, but not always, while bytes keep coming (seen with HttpClient 5.6.5)
   */
  AnswerConsumer(int most, Consumer<Answered> cut, BooleanSupplier givenUp) {
    this.most = most;
    this.cut = cut;
    this.givenUp = givenUp;
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
  protected void data(ByteBuffer data, boolean endOfStream) throws IOException {
    if (givenUp.getAsBoolean()) {
      throw new IOException("nobody waits for this answer any more");
    }
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
