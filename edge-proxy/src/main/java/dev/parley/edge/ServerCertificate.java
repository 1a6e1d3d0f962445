package dev.parley.edge;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The certificate that clients see. Envoy follows its files while it runs; whether they are of use is asked before. */
final class ServerCertificate {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private ServerCertificate() {}

  /**
   * A file of Envoy's secret discovery. Envoy looks at the files again whenever something is renamed into one of their
   * directories, be it the file itself or the link by which Kubernetes swaps the content of a Secret.
   */
  static String secret(EdgeSettings settings) {
    return """
        resources:
          - "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret
            name: certificate
            tls_certificate: %s
        """
        .formatted(files(settings));
  }

  private static String files(EdgeSettings settings) {
    return "{ certificate_chain: { filename: %s }, private_key: { filename: %s } }"
        .formatted(EnvoyBootstrap.quoted(settings.certificate()), EnvoyBootstrap.quoted(settings.key()));
  }

  /**
   * Lets Envoy read the files once as if they were a fixed part of its configuration: with those it refuses to start,
   * while with a secret it would start and turn every client away.
   *
   * @param directory for a file
   * @throws IOException if they cannot be used; the message is Envoy's
   */
  static void check(Path program, EdgeSettings settings, Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("certificate-check.yaml"), listener(settings));
    Process envoy =
        new ProcessBuilder(
                List.of(
                    program.toString(),
                    "--mode", "validate",
                    "--config-path", file.toString(),
                    "--log-level", "critical",
                    "--log-format", "%v"))
            .redirectErrorStream(true)
            .start();
    try {
      // What it says is a few lines, which the pipe holds.
      if (!envoy.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        envoy.destroyForcibly();
        throw new IOException("Envoy has not looked at the certificate within " + PATIENCE.toSeconds() + " s");
      }
      Files.delete(file);
      if (envoy.exitValue() != 0) {
        String said = new String(envoy.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        throw new IOException("the certificate cannot be used: " + said.replace('\n', ' '));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while Envoy looked at the certificate");
    }
  }

  private static String listener(EdgeSettings settings) {
    return """
        static_resources:
          listeners:
            - address: { socket_address: { address: 127.0.0.1, port_value: 0 } }
              filter_chains:
                - transport_socket:
                    name: envoy.transport_sockets.tls
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
                      common_tls_context: { tls_certificates: [%s] }
        """
        .formatted(files(settings));
  }
}
