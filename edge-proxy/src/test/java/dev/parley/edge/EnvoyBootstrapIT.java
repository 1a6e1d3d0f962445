package dev.parley.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Descriptors.MethodDescriptor;
import dev.parley.chassis.config.Settings;
import dev.parley.chassis.config.SettingsException;
import dev.parley.parts.Parts;
import dev.parley.v1.AdminProto;
import dev.parley.v1.ChatProto;
import dev.parley.v1.PresenceProto;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That Envoy accepts what is rendered, also for setups that no other test starts. */
class EnvoyBootstrapIT {
  @TempDir Path directory;

  private EdgeSettings settings(String... more) throws Exception {
    DevCertificates certificates = DevCertificates.in(directory);
    List<String> args = new ArrayList<>();
    args.add("--parley.edge.certificate=" + certificates.certificate());
    args.add("--parley.edge.key=" + certificates.key());
    args.add("--parley.edge.jwks-authorities=" + certificates.authority());
    args.addAll(List.of(more));
    return Settings.load(EdgeSettings.class, Map.of(), args);
  }

  private void accepted(EdgeSettings settings) throws Exception {
    Validated validated = validate(settings);

    assertThat(validated.status()).as(validated.said()).isZero();
    assertThat(validated.said()).doesNotContain("[warning]");
  }

  private record Validated(int status, String said) {}

  private Validated validate(EdgeSettings settings) throws Exception {
    Path file = EnvoyBootstrap.write(settings, directory);
    Process envoy =
        new ProcessBuilder(
                Parts.atHome(line -> {}).envoy().toString(),
                "--mode",
                "validate",
                "--log-level",
                "warning",
                "--config-path",
                file.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(envoy.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Validated(envoy.waitFor(), said);
  }

  /** An edge that refuses every token must not begin to listen. */
  @Test
  void aFileOfKeysThatIsNoneEndsEnvoyWithAReason() throws Exception {
    Path keys = directory.resolve("jwks.json");
    for (String none : List.of("<html>log in</html>", "{\"keys\":[]}")) {
      Files.writeString(keys, none);
      Validated validated = validate(settings("--parley.edge.jwks=" + keys));
      assertThat(validated.status()).as(none).isNotZero();
      assertThat(validated.said()).containsIgnoringCase("jwks");
    }
    Files.delete(keys);
    assertThat(validate(settings("--parley.edge.jwks=" + keys)).said()).contains(keys.toString());
  }

  @Test
  void keysMayComeFromAnIssuerByHttps() throws Exception {
    accepted(settings("--parley.edge.jwks=https://issuer.example.org/keys.json"));
  }

  @Test
  void keysMayComeFromAPlainPortOfThisMachine() throws Exception {
    accepted(settings("--parley.edge.jwks=http://127.0.0.1:8080/keys"));
  }

  @Test
  void spansMayGoToACollectorByHttps() throws Exception {
    accepted(
        settings(
            "--parley.edge.jwks=http://127.0.0.1:8080/keys",
            "--parley.edge.gateways=gateway-a:8740",
            "--parley.edge.dispatchers=dispatcher-a:8700",
            "--parley.edge.trace.endpoint=https://collector.example.org/v1/traces",
            "--parley.edge.trace.ratio=0.001"));
  }

  @Test
  void aCollectorWithoutAHostIsRefused() {
    assertThatThrownBy(() -> settings("--parley.edge.jwks=x", "--parley.edge.trace.endpoint=collector:4318"))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("http(s) URL with a host");
  }

  @Test
  void routersMayHaveTheirHealthOnAnotherPort() throws Exception {
    accepted(
        settings(
            "--parley.edge.jwks=http://127.0.0.1:8080/keys",
            "--parley.edge.routers=router-a:8700/8701, router-b:8700/8701"));
  }

  @Test
  void gatewaysMayBeNames() throws Exception {
    accepted(
        settings("--parley.edge.jwks=http://127.0.0.1:8080/keys", "--parley.edge.gateways=gateway-a:8740, gateway-b:8740"));
  }

  @Test
  void withoutGatewaysNothingIsThereForBrowsers() throws Exception {
    assertThat(Files.readString(EnvoyBootstrap.write(settings("--parley.edge.jwks=http://127.0.0.1:8080/keys"), directory)))
        .doesNotContain("gateways", "/ws", "http/1.1")
        .contains("alpn_protocols: [h2]", "codec_type: HTTP2");
  }

  @Test
  void anIdleTimeoutThatWouldCutQuietStreamsIsRefused() {
    assertThatThrownBy(() -> settings("--parley.edge.jwks=x", "--parley.edge.stream-idle-timeout=30s"))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("60s");
  }

  @Test
  void noStreamOfTheContractHasATimeOut() throws Exception {
    EdgeSettings settings = settings("--parley.edge.jwks=http://127.0.0.1:8080/keys");
    String rendered = Files.readString(EnvoyBootstrap.write(settings, directory));
    List<String> streams =
        Stream.of(ChatProto.getDescriptor(), PresenceProto.getDescriptor(), AdminProto.getDescriptor())
            .flatMap(file -> file.getServices().stream())
            .flatMap(service -> service.getMethods().stream())
            .filter(MethodDescriptor::isServerStreaming)
            .map(method -> "/" + method.getService().getFullName() + "/" + method.getName())
            .toList();

    assertThat(streams)
        .isNotEmpty()
        .allSatisfy(
            path ->
                assertThat(rendered)
                    .containsPattern("path: " + Pattern.quote(path) + " }\n[^-]* timeout: 0s"));
  }
}
