package dev.parley.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.sdk.ParleyException;
import dev.parley.v1.ErrorReason;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A deployment that has somebody asked before anything is said. */
class ModerationIT {
  @TempDir
  static Path data;

  /** Does not like the word "rude", and is out the first two times that it reads "patience". */
  private static HttpServer moderator() throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    AtomicInteger out = new AtomicInteger(2);
    server.createContext(
        "/",
        exchange -> {
          String question = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          String answer =
              question.contains("rude") ? "{\"allowed\": false, \"rule\": \"be kind\"}" : "{\"allowed\": true}";
          int status = question.contains("patience") && out.getAndDecrement() > 0 ? 500 : 200;
          exchange.sendResponseHeaders(status, answer.length());
          exchange.getResponseBody().write(answer.getBytes(StandardCharsets.UTF_8));
          exchange.close();
        });
    server.start();
    return server;
  }

  @Test
  void whatItRefusesIsNotSaidAndWhatItCannotSayYetIsSaidLater() throws Exception {
    HttpServer moderator = moderator();
    try (LiveStack stack =
        new LiveStack(
            data,
            "--parley.router.moderation.url=http://127.0.0.1:" + moderator.getAddress().getPort(),
            "--parley.router.moderation.secret=whsec_c2VjcmV0",
            "--parley.router.moderation.deadline=2s")) {
      Device ann = stack.connect("ann", "laptop");
      Device bob = stack.connect("bob", "phone");
      String conversation = ann.session().createDirect("bob").join();

      CompletableFuture<?> first = ann.session().sendText(conversation, "hello");
      CompletableFuture<?> rude = ann.session().sendText(conversation, "rude");
      CompletableFuture<?> unanswered = ann.session().sendText(conversation, "patience");
      CompletableFuture<?> last = ann.session().sendText(conversation, "bye");

      first.join();
      unanswered.join();
      last.join();
      assertThat(reason(rude)).isEqualTo(ErrorReason.ERROR_REASON_MODERATED);
      await().untilAsserted(
          () -> assertThat(bob.heard().texts(conversation)).contains("hello", "patience", "bye").doesNotContain("rude"));
    } finally {
      moderator.stop(0);
    }
  }

  private static ErrorReason reason(CompletableFuture<?> answer) {
    return ParleyException.of(catchThrowable(answer::join)).reason();
  }
}
