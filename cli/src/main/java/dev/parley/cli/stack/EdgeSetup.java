package dev.parley.cli.stack;

import dev.parley.chassis.auth.DevKeys;
import dev.parley.chassis.config.Settings;
import dev.parley.edge.DevCertificates;
import dev.parley.edge.EdgeSettings;
import dev.parley.parts.FreePorts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The edge of an installation on this machine, with the development keys and certificates.
 *
 * @param port for clients
 * @param keys of whoever issues tokens
 * @param certificates what clients see
 * @param routers as host:port
 * @param gateways likewise; empty: none
 * @param dispatchers likewise; empty: none
 * @param more further arguments of it
 */
record EdgeSetup(
    int port,
    DevKeys keys,
    DevCertificates certificates,
    List<String> routers,
    List<String> gateways,
    List<String> dispatchers,
    List<String> more) {
  /** What Envoy is started with; its admin interface is on a free port, another one each time. */
  EdgeSettings settings() {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--parley.edge.listen=127.0.0.1:" + port,
                "--parley.edge.admin-port=" + FreePorts.next(),
                "--parley.edge.certificate=" + certificates.certificate(),
                "--parley.edge.key=" + certificates.key(),
                "--parley.edge.jwks=" + keys.jwks(),
                "--parley.edge.issuer=" + DevKeys.RULES.issuer(),
                "--parley.edge.audience=" + DevKeys.RULES.audience(),
                "--parley.edge.routers=" + String.join(",", routers),
                "--parley.edge.gateways=" + String.join(",", gateways),
                "--parley.edge.dispatchers=" + String.join(",", dispatchers)));
    arguments.addAll(more);
    return Settings.load(EdgeSettings.class, Map.of(), arguments);
  }
}
