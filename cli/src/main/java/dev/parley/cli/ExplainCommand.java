package dev.parley.cli;

import dev.parley.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import dev.parley.v1.ExplainEventRequest;
import dev.parley.v1.ExplainEventResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code parley explain CONVERSATION SEQ}: what became of a message. */
@Command(
    name = "explain",
    mixinStandardHelpOptions = true,
    description = {
      "Says what became of an event: where it was stored, who may read it, which devices have it, who has read it, and",
      "what was pushed. For operators; it tells nothing of what was written."
    })
final class ExplainCommand extends OperatorCommand<ExplainEventResponse> {
  @Parameters(index = "0", paramLabel = "CONVERSATION", description = "The conversation's id.")
  private String conversation = "";

  @Parameters(index = "1", paramLabel = "SEQ", description = "The event's number in it.")
  private long seq;

  @Option(names = "--of", paramLabel = "USER", description = "For this user alone. Default: the first 100.")
  private String of = "";

  @Override
  ExplainEventResponse ask(AdminServiceBlockingStub admin) {
    return admin.explainEvent(
        ExplainEventRequest.newBuilder().setConversationId(conversation).setSeq(seq).setUserId(of).build());
  }

  @Override
  String text(ExplainEventResponse answer) {
    return new Explanation(conversation, of, answer).text();
  }
}
