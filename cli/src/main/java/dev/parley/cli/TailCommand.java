package dev.parley.cli;

import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyException;
import dev.parley.sdk.ParleySession;
import dev.parley.sdk.SessionListener;
import dev.parley.sdk.SessionState;
import dev.parley.sdk.Violation;
import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code parley tail}: prints what happens in all conversations of a user, until it is stopped. */
@Command(name = "tail", mixinStandardHelpOptions = true,
    description = "Prints what happens in my conversations from now on, one event a line.")
final class TailCommand extends ClientCommand {
  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  @Option(names = "--pushes", description = "What the phones of this machine's push lab get, of all users.")
  private boolean pushes;

  @Override
  int run(ConnectOptions connect, PrintWriter out) throws IOException, InterruptedException {
    if (pushes) {
      new PushLab(connect.phones())
          .listen(
              () -> say(SessionState.LIVE.toString()),
              push -> {
                out.println(json ? push : PushText.line(push));
                out.flush();
              });
      throw new CommandFailure("the push lab has ended");
    }
    CompletableFuture<Integer> ended = new CompletableFuture<>();
    SessionListener printer = new SessionListener() {
      @Override
      public void onEvent(String conversationId, Event event, Cursor cursor) {
        out.println(json ? EventText.json(conversationId, event) : conversationId + " " + EventText.line(event));
        out.flush();
      }

      @Override
      public void onState(SessionState state, @Nullable ParleyException cause) {
        say(state + (cause == null ? "" : ": " + cause.getMessage()));
        if (state == SessionState.CLOSED) {
          ended.complete(cause == null ? 0 : 1);
        }
      }

      @Override
      public void onViolation(Violation violation) {
        say(violation.toString());
      }
    };
    try (ParleyClient client = connect.client();
        ParleySession session = client.connect(device(), printer)) {
      return ended.join();
    }
  }

  private void say(String line) {
    err().println(line);
    err().flush();
  }
}
