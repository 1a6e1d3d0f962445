package dev.parley.cli;

import dev.parley.sdk.ParleyClient;
import dev.parley.v1.PushDevice;
import dev.parley.v1.PushTarget;
import dev.parley.v1.RegisterPushDeviceRequest;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code parley phone}: gives a user a phone in the push lab, which gets pushes from then on. */
@Command(
    name = "phone",
    mixinStandardHelpOptions = true,
    description = "Gives me a phone in the push lab of this machine: it shows what a real one would.")
final class PhoneCommand extends ClientCommand {
  private static final int SECONDS = 10;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      defaultValue = "fcm",
      description = "fcm (Android), apns (iPhone) or web_push (a browser). Default: ${DEFAULT-VALUE}.")
  private String kind = "fcm";

  @Override
  int run(ConnectOptions connect, PrintWriter out) throws IOException, InterruptedException {
    String device = "phone-" + UUID.randomUUID().toString().substring(0, 8);
    PushTarget target = new PushLab(connect.phones()).newPhone(kind, connect.userOr("somebody") + "'s " + device);
    try (ParleyClient client = connect.client()) {
      client
          .push()
          .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
          .registerPushDevice(
              RegisterPushDeviceRequest.newBuilder()
                  .setDevice(PushDevice.newBuilder().setDeviceId(device).setTarget(target))
                  .build());
    }
    out.println(device + " gets pushes; look at it at " + connect.phones() + "/ or with ./parley tail --pushes");
    out.flush();
    return 0;
  }
}
