package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.parts.Parts;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code parley} on machines that lack something, in a home of its own that is built already. */
class LauncherIT {
  private static final int SECONDS = 60;

  /** What every machine has. There is no python3 and no mvn among them. */
  private static final List<String> TOOLS =
      List.of("sh", "dirname", "readlink", "grep", "find", "head", "mkdir", "touch", "tee", "sed", "mv");

  private static final Path JDK = Path.of(System.getProperty("java.home"));

  @TempDir Path directory;
  private Path home;
  private Path tools;

  private record Outcome(int status, String output, String errors) {}

  @BeforeEach
  void aHomeThatIsBuilt() throws IOException {
    home = Files.createDirectories(directory.resolve("home"));
    Path target = Files.createDirectories(home.resolve("cli/target"));
    Path real = Parts.findHome();
    Files.copy(real.resolve("parley"), home.resolve("parley"));
    Files.createSymbolicLink(home.resolve("parts"), real.resolve("parts"));
    Files.createSymbolicLink(target.resolve("lib"), real.resolve("cli/target/lib"));
    try (DirectoryStream<Path> jars = Files.newDirectoryStream(real.resolve("cli/target"), "parley-cli-*.jar")) {
      for (Path jar : jars) {
        Files.createSymbolicLink(target.resolve(jar.getFileName()), jar);
      }
    }
    Files.createFile(target.resolve("build.stamp"));
    tools = Files.createDirectories(directory.resolve("tools"));
    for (String tool : TOOLS) {
      Files.createSymbolicLink(tools.resolve(tool), onPath(tool));
    }
  }

  /** They lead out of the temporary directory, which JUnit does not like to delete. */
  @AfterEach
  void withoutItsLinks() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path link : files.filter(Files::isSymbolicLink).toList()) {
        Files.delete(link);
      }
    }
  }

  private static Path onPath(String tool) {
    return Pattern.compile(":")
        .splitAsStream(Objects.requireNonNull(System.getenv("PATH")))
        .map(each -> Path.of(each, tool))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow();
  }

  private Outcome parley(Map<String, String> environment, String... arguments) throws Exception {
    return run(home.resolve("parley"), environment, arguments);
  }

  private Outcome run(Path launcher, Map<String, String> environment, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", launcher.toString()));
    command.addAll(List.of(arguments));
    Path output = directory.resolve("output.txt");
    Path errors = directory.resolve("errors.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(errors.toFile());
    builder.environment().clear();
    builder.environment().putAll(Map.of("PATH", tools.toString(), "HOME", directory.toString()));
    builder.environment().putAll(environment);
    Process process = builder.start();
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("still runs after " + SECONDS + " s");
    }
    return new Outcome(process.exitValue(), Files.readString(output), Files.readString(errors));
  }

  private Path fakeJdk(String version) throws IOException {
    Path jdk = Files.createDirectories(directory.resolve("jdk-" + version));
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    Files.createDirectories(jdk.resolve("bin"));
    Files.createFile(
        jdk.resolve("bin/java"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    return jdk;
  }

  @Test
  void itRunsAlsoThroughALink() throws Exception {
    Path link = Files.createSymbolicLink(directory.resolve("parley-link"), Path.of("home/parley"));

    Outcome outcome = run(link, Map.of("PARLEY_JAVA_HOME", JDK.toString()), "--version");

    assertThat(outcome.errors()).isEmpty();
    assertThat(outcome.status()).isZero();
    assertThat(outcome.output()).startsWith("parley ");
  }

  @Test
  void aNamedJavaHomeThatIsNoneIsToldInOneLine() throws Exception {
    Outcome outcome = parley(Map.of("PARLEY_JAVA_HOME", "/nowhere"), "--version");

    assertThat(outcome)
        .isEqualTo(new Outcome(1, "", "parley: PARLEY_JAVA_HOME=/nowhere is no JDK 25: correct or unset it\n"));
  }

  @Test
  void anOlderJdkIsToldInOneLine() throws Exception {
    Path old = fakeJdk("17.0.9");

    Outcome outcome = parley(Map.of("PARLEY_JAVA_HOME", old.toString()), "--version");

    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.errors()).hasLineCount(1).contains(old + " is no JDK 25");
  }

  @Test
  void withoutAnyJdkItSaysWhatToInstallInOneLine() throws Exception {
    // The script looks into the places where systems keep their JDKs; here they are empty ones.
    Path script = home.resolve("parley");
    String text = Files.readString(script);
    assertThat(text).contains("/usr/lib/jvm/*", "/opt/java/*", "/usr/libexec/java_home");
    Files.writeString(
        script,
        text.replace("/usr/lib/jvm/", directory + "/empty/")
            .replace("/opt/java/", directory + "/empty/")
            .replace("/usr/libexec/java_home", directory + "/empty/java_home"));

    Outcome outcome = parley(Map.of("JAVA_HOME", fakeJdk("17.0.9").toString()), "--version");

    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.errors()).hasLineCount(1).startsWith("parley: JDK 25 is missing: install it");
  }

  @Test
  void withoutMavenAHomeThatIsNotBuiltIsToldInOneLine() throws Exception {
    Files.delete(home.resolve("cli/target/build.stamp"));

    Outcome outcome = parley(Map.of("PARLEY_JAVA_HOME", JDK.toString()), "--version");

    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.errors()).hasLineCount(1).startsWith("parley: mvn is missing: install Maven 3.8 or newer");
  }

  @Test
  void withoutPythonUpIsRefusedInOneLine() throws Exception {
    Outcome outcome =
        parley(Map.of("PARLEY_JAVA_HOME", JDK.toString()), "up", "--data", directory.resolve("data").toString());

    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.errors())
        .hasLineCount(1)
        .startsWith("parley: python3 is missing: install Python 3.10 or newer with pip");
  }
}
