package dev.parley.cli.doctor;

import dev.parley.parts.PartException;
import dev.parley.parts.Parts.Part;
import dev.parley.parts.Parts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What the machine has to have. */
public final class MachineChecks {
  private static final int JAVA = 25;

  /** Says the version of the Python that runs it; fails below 3.10. */
  private static final String PYTHON_VERSION =
      "import platform, sys; print('Python', platform.python_version()); sys.exit(sys.version_info < (3, 10))";

  private MachineChecks() {}

  /** All of them. Fetches parts that are missing. */
  public static List<Finding> run() {
    List<Finding> findings = new ArrayList<>();
    findings.add(java());
    findings.add(command("maven", List.of("mvn", "-B", "--version"), "install Maven 3.8 or newer"));
    findings.add(command("python", List.of("python3", "-c", PYTHON_VERSION), "install Python 3.10 or newer"));
    findings.add(command("pip", List.of("python3", "-m", "pip", "--version"), "install pip (python3-pip)"));
    findings.add(parts());
    return findings;
  }

  private static Finding java() {
    String version = Runtime.version() + " in " + System.getProperty("java.home");
    return Runtime.version().feature() == JAVA
        ? Finding.good("java", version)
        : Finding.bad("java", version, "install JDK 25, or set PARLEY_JAVA_HOME to where it is");
  }

  private static Finding command(String name, List<String> command, String remedy) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      String first = said.lines().findFirst().orElse("");
      return process.waitFor() == 0 ? Finding.good(name, first) : Finding.bad(name, first, remedy);
    } catch (IOException e) {
      return Finding.bad(name, "is missing", remedy);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Finding.bad(name, "was interrupted", "try again");
    }
  }

  private static Finding parts() {
    try {
      var paths = Parts.atHome(line -> {}).fetch(List.of(Part.NATS_SERVER, Part.VALKEY_SERVER, Part.ENVOY));
      return Finding.good("parts", String.join(", ", paths.values().stream().map(Object::toString).toList()));
    } catch (PartException e) {
      return Finding.bad("parts", "cannot be provided", String.valueOf(e.getMessage()));
    }
  }
}
