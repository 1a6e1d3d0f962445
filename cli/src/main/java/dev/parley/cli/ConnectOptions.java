package dev.parley.cli;

import dev.parley.bench.Deployment;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyEndpoint;
import dev.parley.sdk.TokenSource;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options by which a command finds the deployment and says who it is. */
final class ConnectOptions {
  @Option(names = "--address", paramLabel = "HOST:PORT",
      description = "A deployment elsewhere, with TLS. Default: the one that `parley up` has started here.")
  private @Nullable String address;

  @Option(names = "--ca", paramLabel = "FILE",
      description = "Certificates to trust, in PEM. Default with --address: those of the JDK.")
  private @Nullable Path caFile;

  @Option(names = "--direct", description = "Past the edge, at the first router, without TLS.")
  private boolean direct;

  @Option(names = "--data", paramLabel = "DIR", description = "What `parley up` has made. Default: .parley")
  private @Nullable Path data;

  @Option(names = "--token", paramLabel = "JWT",
      description = "Who I am. Default: the environment variable PARLEY_TOKEN.")
  private @Nullable String token;

  @Option(names = {"--as", "--user"}, paramLabel = "USER",
      description = "Who I am, with a token made by the development key of `parley up`.")
  private @Nullable String user;

  /** A client for whom the options name. */
  ParleyClient client() throws IOException {
    TokenSource tokens = tokens();
    if (address != null) {
      return direct ? ParleyClient.plaintext(address, tokens) : ParleyClient.tls(address, caFile, tokens);
    }
    Deployment here = deployment();
    if (direct || here.edge().isEmpty()) {
      return ParleyClient.plaintext(here.router(), tokens);
    }
    return ParleyClient.tls(here.edge(), here.caFile(), tokens);
  }

  /** An endpoint for many clients, which the caller closes. */
  ParleyEndpoint endpoint() throws IOException {
    if (address != null) {
      return direct ? ParleyEndpoint.plaintext(address) : ParleyEndpoint.tls(address, caFile);
    }
    return deployment().endpoint(direct);
  }

  /** What runs on this machine. */
  Deployment deployment() throws IOException {
    return Deployment.in(
        data != null ? data : Path.of(System.getProperty("parley.home", "")).resolve(".parley").toAbsolutePath());
  }

  private TokenSource tokens() throws IOException {
    if (token != null) {
      return TokenSource.fixed(token);
    }
    if (user != null) {
      return deployment().tokens(user);
    }
    String fromEnvironment = System.getenv("PARLEY_TOKEN");
    if (fromEnvironment != null && !fromEnvironment.isBlank()) {
      return TokenSource.fixed(fromEnvironment.strip());
    }
    throw new IllegalArgumentException("Say who you are: --as USER, --token JWT or the variable PARLEY_TOKEN");
  }
}
