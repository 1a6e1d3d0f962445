package dev.parley.chassis.config;

import java.io.IOException;
import java.io.Reader;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the settings of a program into a record whose components carry {@link Setting}.
 *
 * <p>A setting is looked for in this order: the argument {@code --parley.router.listen=...}, the environment variable
 * {@code PARLEY_ROUTER_LISTEN}, the properties file named by {@code --config=FILE}, the default. A key under the
 * program's prefix that no setting has is an error wherever it stands: a misspelt limit must not pass unseen.
 */
public final class Settings {
  private static final String CONFIG = "--config=";

  /** Kubernetes sets such variables for a service named like the program; nobody meant them as settings. */
  private static final Pattern SERVICE_LINK = Pattern.compile(".*_(SERVICE_(HOST|PORT.*)|PORT(_\\d+_(TCP|UDP).*)?)");

  private Settings() {}

  /**
   * The settings from these arguments and the process's environment.
   *
   * @throws SettingsException if keys are unknown, required ones are missing or values are wrong: with all that is wrong
   */
  public static <T extends Record> T load(Class<T> type, String... args) {
    return load(type, System.getenv(), Arrays.asList(args));
  }

  /** As {@link #load(Class, String...)}, with another environment. */
  public static <T extends Record> T load(Class<T> type, Map<String, String> environment, List<String> args) {
    List<SettingKey> keys = SettingKey.of(type);
    Map<String, String> values = new HashMap<>();
    List<String> errors = new ArrayList<>();
    String prefix = SettingKey.prefix(type);
    for (String arg : args) {
      if (arg.startsWith(CONFIG)) {
        fromFile(Path.of(arg.substring(CONFIG.length())), prefix, keys, values, errors);
      }
    }
    fromEnvironment(environment, prefix, keys, values, errors);
    fromArguments(args, keys, values, errors);
    return built(type, prefix, keys, values, errors);
  }

  private static <T extends Record> T built(
      Class<T> type, String prefix, List<SettingKey> keys, Map<String, String> values, List<String> errors) {
    T settings = build(type, prefix, byName(keys), values, errors);
    if (settings == null || !errors.isEmpty()) {
      throw new SettingsException(String.join("\n", errors));
    }
    return settings;
  }

  /** The defaults alone, of a program or of one group of settings; for tests and for what runs in another program. */
  public static <T extends Record> T defaults(Class<T> type) {
    String prefix = SettingKey.kebab(type.getSimpleName());
    return built(type, prefix, SettingKey.of(type, prefix), Map.of(), new ArrayList<>());
  }

  /**
   * A time as it is written in settings, as 500ms, 20s, 5m, 24h or 30d; for other places where users write times.
   *
   * @throws IllegalArgumentException with a message that says what is expected
   */
  public static Duration duration(String text) {
    return SettingValue.duration(text);
  }

  /** Whether the arguments ask for help instead of a start. */
  public static boolean asksForHelp(String... args) {
    return Arrays.asList(args).contains("--help");
  }

  private static void fromFile(
      Path file, String prefix, List<SettingKey> keys, Map<String, String> values, List<String> errors) {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      errors.add("the settings file " + file + " cannot be read: " + e.getMessage());
      return;
    }
    Set<String> known = names(keys);
    for (String name : properties.stringPropertyNames()) {
      if (known.contains(name)) {
        values.put(name, properties.getProperty(name));
      } else if (name.startsWith(prefix + ".")) {
        errors.add(unknown(name, known, "in " + file));
      }
    }
  }

  private static void fromEnvironment(
      Map<String, String> environment,
      String prefix,
      List<SettingKey> keys,
      Map<String, String> values,
      List<String> errors) {
    Set<String> known = new HashSet<>();
    for (SettingKey key : keys) {
      known.add(key.environment());
      String value = environment.get(key.environment());
      if (value != null) {
        values.put(key.name(), value);
      }
    }
    String start = prefix.toUpperCase(Locale.ROOT).replace('.', '_') + "_";
    for (String name : environment.keySet()) {
      if (name.startsWith(start) && !known.contains(name) && !SERVICE_LINK.matcher(name).matches()) {
        errors.add(unknown(name, known, "in the environment"));
      }
    }
  }

  private static void fromArguments(
      List<String> args, List<SettingKey> keys, Map<String, String> values, List<String> errors) {
    Set<String> known = names(keys);
    for (String arg : args) {
      int equals = arg.indexOf('=');
      if (!arg.startsWith("--") || equals < 0) {
        errors.add("'" + arg + "' is no setting: write --key=value, or --help to see the keys");
        continue;
      }
      String name = arg.substring(2, equals);
      if (known.contains(name)) {
        values.put(name, arg.substring(equals + 1));
      } else if (!arg.startsWith(CONFIG)) {
        errors.add(unknown(name, known, "in the arguments"));
      }
    }
  }

  private static Set<String> names(List<SettingKey> keys) {
    Set<String> names = new HashSet<>();
    keys.forEach(key -> names.add(key.name()));
    return names;
  }

  private static String unknown(String name, Set<String> known, String where) {
    String nearest = known.stream().min((a, b) -> Integer.compare(distance(a, name), distance(b, name))).orElse("none");
    return "unknown setting " + name + " " + where + "; the nearest known one is " + nearest;
  }

  /** How many letters have to be inserted, removed or changed to make {@code a} into {@code b}. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    Arrays.setAll(row, j -> j);
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, 1 + Math.min(row[j - 1], row[j]));
      }
    }
    return row[b.length()];
  }

  private static Map<String, SettingKey> byName(List<SettingKey> keys) {
    Map<String, SettingKey> named = new HashMap<>();
    keys.forEach(key -> named.put(key.name(), key));
    return named;
  }

  /** Null: it cannot be built; {@code errors} has got to know why. */
  private static <T> @Nullable T build(
      Class<T> type, String prefix, Map<String, SettingKey> keys, Map<String, String> values, List<String> errors) {
    RecordComponent[] components = type.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    @Nullable Object[] arguments = new Object[components.length];
    int before = errors.size();
    for (int i = 0; i < components.length; i++) {
      String name = prefix + "." + SettingKey.kebab(components[i].getName());
      types[i] = components[i].getType();
      arguments[i] =
          types[i].isRecord()
              ? build(types[i], name, keys, values, errors)
              : value(Objects.requireNonNull(keys.get(name)), values, errors);
    }
    if (errors.size() > before) {
      return null;
    }
    try {
      Constructor<T> constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(arguments);
    } catch (InvocationTargetException e) {
      // The compact constructor's own check: its message says what is wrong with the values together.
      errors.add(prefix + ": " + Objects.requireNonNull(e.getCause()).getMessage());
      return null;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type + " cannot be made", e);
    }
  }

  private static @Nullable Object value(SettingKey key, Map<String, String> values, List<String> errors) {
    String given = values.get(key.name());
    String text = given == null ? key.standard() : given;
    if (text == null) {
      if (!key.isOptional()) {
        errors.add(key.name() + " is not set: " + key.setting().doc());
      }
      return null;
    }
    try {
      return SettingValue.parse(key.component().getGenericType(), text);
    } catch (IllegalArgumentException | ArithmeticException e) {
      // What is wrong with a secret would show it.
      errors.add(
          key.setting().secret()
              ? key.name() + " cannot be what is set: it is no " + key.component().getType().getSimpleName()
              : key.name() + " cannot be '" + text + "': " + e.getMessage());
      return null;
    }
  }
}
