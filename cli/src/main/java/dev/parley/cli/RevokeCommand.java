package dev.parley.cli;

import dev.parley.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import dev.parley.v1.RevokeTokensRequest;
import dev.parley.v1.RevokeTokensResponse;
import java.time.Instant;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code parley revoke USER}: ends all tokens that a user has. */
@Command(
    name = "revoke",
    mixinStandardHelpOptions = true,
    description = {
      "Ends all tokens of a user that were issued up to now, and the sessions that rest on them. For operators."
    })
final class RevokeCommand extends OperatorCommand<RevokeTokensResponse> {
  @Parameters(paramLabel = "USER", description = "The user's id.")
  private String user = "";

  @Override
  RevokeTokensResponse ask(AdminServiceBlockingStub admin) {
    return admin.revokeTokens(RevokeTokensRequest.newBuilder().setUserId(user).build());
  }

  @Override
  String text(RevokeTokensResponse answer) {
    Instant before =
        Instant.ofEpochSecond(answer.getIssuedBefore().getSeconds(), answer.getIssuedBefore().getNanos());
    return "tokens of " + EventText.printable(user) + " that were issued before " + before
        + " are not accepted any more";
  }
}
