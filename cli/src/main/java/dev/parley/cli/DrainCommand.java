package dev.parley.cli;

import dev.parley.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import dev.parley.v1.DrainRouterRequest;
import dev.parley.v1.DrainRouterResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code parley drain ROUTER}: lets a router leave as its clients would wish. */
@Command(
    name = "drain",
    mixinStandardHelpOptions = true,
    description = {
      "Tells a router to leave, as SIGTERM does: it gives its shards away, asks its clients to go elsewhere, and its",
      "process ends. For operators."
    })
final class DrainCommand extends OperatorCommand<DrainRouterResponse> {
  @Parameters(paramLabel = "ROUTER", description = "Its name, as `parley stats` tells it.")
  private String router = "";

  @Override
  DrainRouterResponse ask(AdminServiceBlockingStub admin) {
    return admin.drainRouter(DrainRouterRequest.newBuilder().setRouter(router).build());
  }

  @Override
  String text(DrainRouterResponse answer) {
    return router + " leaves";
  }
}
