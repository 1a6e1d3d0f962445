package dev.parley.cli;

import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleySession;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code parley chat USER}: a line for a line, in a terminal or through pipes. */
@Command(name = "chat", mixinStandardHelpOptions = true,
    description = {
        "Talks with a user: each line is a message.",
        "/edit [SEQ] TEXT, /delete [SEQ], /react [SEQ] SYMBOL, /typing, /away, /back, /quit;",
        "without SEQ the newest message is meant."
    })
final class ChatCommand extends ClientCommand {
  @Parameters(index = "0", paramLabel = "USER", description = "With whom.")
  private String peer = "";

  @Override
  int run(ConnectOptions connect, PrintWriter out) throws IOException {
    ChatScreen screen = new ChatScreen(out);
    try (ParleyClient client = connect.client();
        ParleySession session = client.connect(device(), screen)) {
      String conversation = session.createDirect(peer).join();
      screen.open(session, conversation, ChatHistory.newest(client, conversation));
      session.watchUser(peer);
      session.activity(false, conversation);
      ChatLines lines = new ChatLines(session, conversation, screen);
      BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      String line = input.readLine();
      while (line != null && lines.type(line)) {
        line = input.readLine();
      }
      lines.awaitAnswers();
      return 0;
    }
  }
}
