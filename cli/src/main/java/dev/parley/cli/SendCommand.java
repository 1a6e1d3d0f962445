package dev.parley.cli;

import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleySession;
import dev.parley.sdk.SessionListener;
import dev.parley.v1.Stored;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code parley send TO TEXT}: sends one message and says where it was stored. */
@Command(name = "send", mixinStandardHelpOptions = true, description = "Sends one message.")
final class SendCommand extends ClientCommand {
  private static final Pattern UUID_TEXT = Pattern.compile("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}");

  @Parameters(index = "0", paramLabel = "TO", description = "A user, or the id of a conversation.")
  private String to = "";

  @Parameters(index = "1", paramLabel = "TEXT", description = "What to say.")
  private String text = "";

  @Override
  int run(ConnectOptions connect, PrintWriter out) throws IOException {
    try (ParleyClient client = connect.client();
        ParleySession session = client.connect(device(), new SessionListener() {})) {
      String conversation = UUID_TEXT.matcher(to).matches() ? to : session.createDirect(to).join();
      Stored stored = session.sendText(conversation, text).join();
      String durability = stored.getDurability().name().substring("DURABILITY_".length()).toLowerCase(Locale.ROOT);
      out.println(conversation + " " + stored.getCursor().getSeq() + " " + durability);
      out.flush();
      return 0;
    }
  }
}
