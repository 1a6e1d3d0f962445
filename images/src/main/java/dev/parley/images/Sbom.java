package dev.parley.images;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.Map;

/**
 * What is in an image, as CycloneDX: from what Maven knows of the module only the jars that are really in the image, and
 * beside them the programs that Maven does not know. A jar that Maven's list does not have is an error.
 */
final class Sbom {
  /** The directory in an image. */
  static final String PLACE = "/usr/share/sbom";

  private Sbom() {}

  /**
   * A program that is no Maven artifact.
   *
   * @param type as CycloneDX says it: application, library or platform
   */
  record Program(String type, String name, String version) {
    private JsonObject component() {
      JsonObject component = new JsonObject();
      component.addProperty("type", type);
      component.addProperty("bom-ref", reference());
      component.addProperty("name", name);
      component.addProperty("version", version);
      component.addProperty("purl", reference());
      return component;
    }

    private String reference() {
      return "pkg:generic/" + name + "@" + version.replace("+", "%2B");
    }
  }

  /** The file's name. */
  static String fileName(Image image) {
    return image.imageName() + ".cdx.json";
  }

  /** Writes the list of an image. */
  static void write(
      Path moduleBom, Image image, ImagesSettings settings, List<Jar> jars, List<Program> programs, Path file)
      throws IOException {
    JsonObject bom = JsonParser.parseString(Files.readString(moduleBom)).getAsJsonObject();
    JsonObject metadata = bom.getAsJsonObject("metadata");
    Map<String, JsonObject> known = new TreeMap<>();
    bom.getAsJsonArray("components").forEach(each -> add(each.getAsJsonObject(), known));
    add(metadata.getAsJsonObject("component"), known);

    JsonArray components = new JsonArray();
    Set<String> references = new HashSet<>();
    for (Jar jar : jars) {
      JsonObject component = known.get(jar.name());
      if (component == null) {
        throw new ImageException(jar.name() + " is in " + image.imageName() + " but not in " + moduleBom);
      }
      components.add(component);
      references.add(component.get("bom-ref").getAsString());
    }
    programs.forEach(program -> components.add(program.component()));
    bom.add("components", components);

    metadata.addProperty("timestamp", settings.created());
    metadata.add("component", imageComponent(image, settings));
    bom.add("dependencies", among(references, bom.getAsJsonArray("dependencies")));
    Files.writeString(file, new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(bom) + "\n");
  }

  private static void add(JsonObject component, Map<String, JsonObject> known) {
    String purl = component.get("purl").getAsString();
    String classifier = purl.replaceFirst("^.*[?&]classifier=([^&]*).*$", "$1");
    String suffix = classifier.equals(purl) ? "" : "-" + classifier;
    known.put(component.get("name").getAsString() + "-" + component.get("version").getAsString() + suffix + ".jar", component);
  }

  private static JsonObject imageComponent(Image image, ImagesSettings settings) {
    JsonObject component = new JsonObject();
    component.addProperty("type", "container");
    component.addProperty("bom-ref", image.imageName());
    component.addProperty("name", image.imageName());
    component.addProperty("version", settings.version());
    return component;
  }

  /** The edges of the graph between these. */
  private static JsonArray among(Set<String> references, JsonArray dependencies) {
    JsonArray kept = new JsonArray();
    for (JsonElement each : dependencies) {
      JsonObject dependency = each.getAsJsonObject();
      if (references.contains(dependency.get("ref").getAsString())) {
        JsonArray on = new JsonArray();
        if (dependency.has("dependsOn")) {
          dependency.getAsJsonArray("dependsOn").forEach(reference -> {
            if (references.contains(reference.getAsString())) {
              on.add(reference);
            }
          });
        }
        dependency.add("dependsOn", on);
        kept.add(dependency);
      }
    }
    return kept;
  }
}
