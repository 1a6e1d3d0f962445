package dev.parley.cli;

import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.parley.sdk.ParleyClient;
import dev.parley.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Option;

/** A command that makes one of the calls of operators and prints the answer. */
abstract class OperatorCommand<A extends Message> extends ClientCommand {
  private static final int SECONDS = 15;

  @Option(names = "--json", description = "Print one JSON object instead of text.")
  private boolean json;

  /** Makes the call. */
  abstract A ask(AdminServiceBlockingStub admin);

  /** The answer for a reader, without the last line's end. */
  abstract String text(A answer);

  @Override
  final int run(ConnectOptions connect, PrintWriter out) throws IOException {
    try (ParleyClient client = connect.operatorClient()) {
      A answer = ask(client.admin().withDeadlineAfter(SECONDS, TimeUnit.SECONDS));
      out.println(json ? json(answer) : text(answer));
      out.flush();
      return 0;
    }
  }

  private static String json(Message answer) throws IOException {
    return JsonFormat.printer()
        .preservingProtoFieldNames()
        .alwaysPrintFieldsWithNoPresence()
        .omittingInsignificantWhitespace()
        .print(answer);
  }
}
