package dev.parley.bench.defects;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Compiles sources with changes in memory, and loads the project's classes with the changed ones among them. */
final class Planter {
  private final Path root;

  /** For the sources below this directory. */
  Planter(Path root) {
    this.root = root;
  }

  /** For the sources of the reactor in which this runs. */
  static Planter ofReactor() {
    Path directory = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(directory.resolve("router/src/main/java"))) {
      directory = directory.getParent();
      if (directory == null) {
        throw new AssertionError("this must run below the directory of the sources");
      }
    }
    return new Planter(directory);
  }

  /** The project's classes, as if its sources had been written with these changes. */
  ClassLoader plant(List<Defect.Change> changes) {
    return new PlantedClasses(compile(changed(changes)));
  }

  private Map<String, String> changed(List<Defect.Change> changes) {
    Map<String, String> sources = new LinkedHashMap<>();
    for (Defect.Change change : changes) {
      sources.put(change.file(), change.in(sources.computeIfAbsent(change.file(), this::read)));
    }
    return sources;
  }

  private String read(String file) {
    try {
      return Files.readString(root.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The classes that come of these sources, by name. */
  private static Map<String, byte[]> compile(Map<String, String> sources) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter said = new StringWriter();
    Map<String, ByteArrayOutputStream> written = new HashMap<>();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      boolean compiled =
          compiler
              .getTask(
                  said,
                  new InMemory(files, written),
                  null,
                  List.of("-proc:none", "-nowarn", "-classpath", System.getProperty("java.class.path")),
                  null,
                  sources.entrySet().stream().map(source -> new Source(source.getKey(), source.getValue())).toList())
              .call();
      if (!compiled) {
        throw new AssertionError("the changed sources do not compile:\n" + said);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Map<String, byte[]> classes = new HashMap<>();
    written.forEach((name, bytes) -> classes.put(name, bytes.toByteArray()));
    return classes;
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String file, String text) {
      super(URI.create("planted:///" + file), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  private static final class InMemory extends ForwardingJavaFileManager<JavaFileManager> {
    private final Map<String, ByteArrayOutputStream> written;

    InMemory(JavaFileManager files, Map<String, ByteArrayOutputStream> written) {
      super(files);
      this.written = written;
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
      return new SimpleJavaFileObject(URI.create("planted:///" + className), kind) {
        @Override
        public OutputStream openOutputStream() {
          return written.computeIfAbsent(className, name -> new ByteArrayOutputStream());
        }
      };
    }
  }
}
