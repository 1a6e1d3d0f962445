package dev.parley.helm;

import dev.parley.parts.Parts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The chart of this project, and helm, which renders it. Thread-safe. */
final class Chart {
  private final Path helm = Parts.atHome(line -> {}).helm();
  private final Path directory = Parts.findHome().resolve("helm");

  /** A file of the chart. */
  Path file(String name) {
    return directory.resolve("parley").resolve(name);
  }

  /** Values that name all that an installation has to name. */
  Path named() {
    return directory.resolve("cluster/values/base.yaml");
  }

  /** What helm says, on both outputs, and its exit status. */
  record Said(int status, String text) {}

  /** Runs helm with the chart as its last argument but the flags. */
  Said run(List<String> command, String... flags) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>();
    line.add(helm.toString());
    line.addAll(command);
    line.add(directory.resolve("parley").toString());
    line.addAll(List.of(flags));
    Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Said(process.waitFor(), text);
  }

  /** All objects, with the values that have to be named and these flags. */
  List<Map<String, Object>> rendered(String... flags) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("--namespace=chat", "--values=" + named()));
    all.addAll(List.of(flags));
    Said said = run(List.of("template", "chat"), all.toArray(String[]::new));
    if (said.status() != 0) {
      throw new AssertionError(said.text());
    }
    List<Map<String, Object>> objects = new ArrayList<>();
    for (Object each : yaml().loadAll(said.text())) {
      if (each instanceof Map<?, ?> object) {
        objects.add(Tree.map(object));
      }
    }
    return objects;
  }

  /** For YAML that is data, and for JSON. */
  static Yaml yaml() {
    return new Yaml(new SafeConstructor(new LoaderOptions()));
  }
}
