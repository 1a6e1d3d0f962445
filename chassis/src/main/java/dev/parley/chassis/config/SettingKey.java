package dev.parley.chassis.config;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One setting: where it stands in the record and under which names it is set.
 *
 * @param name the full key, as in {@code parley.router.frame-bytes}
 * @param component the record component that holds it
 * @param setting its documentation and default
 * @param standard the default, written as in a settings file; null: there is none
 */
record SettingKey(String name, RecordComponent component, Setting setting, @Nullable String standard) {
  /** The name as environment variable: {@code PARLEY_ROUTER_FRAME_BYTES}. */
  String environment() {
    return name.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  /** Whether it may be absent. */
  boolean isOptional() {
    return component.getAnnotatedType().isAnnotationPresent(Nullable.class);
  }

  /** All settings below a record type, in the order in which they are written. */
  static List<SettingKey> of(Class<?> type) {
    return of(type, prefix(type));
  }

  /** As {@link #of(Class)}, below another prefix. */
  static List<SettingKey> of(Class<?> type, String prefix) {
    List<SettingKey> keys = new ArrayList<>();
    collect(type, prefix, Map.of(), keys);
    return keys;
  }

  static String prefix(Class<?> type) {
    SettingsPrefix prefix = type.getAnnotation(SettingsPrefix.class);
    if (prefix == null) {
      throw new IllegalArgumentException(type + " has no @SettingsPrefix");
    }
    return prefix.value();
  }

  /** {@code frameBytes} as {@code frame-bytes}. */
  static String kebab(String component) {
    return component.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
  }

  /** {@code given}: defaults by full name, from the groups above. */
  private static void collect(Class<?> type, String prefix, Map<String, String> given, List<SettingKey> keys) {
    for (RecordComponent component : type.getRecordComponents()) {
      String name = prefix + "." + kebab(component.getName());
      Setting setting = component.getAnnotation(Setting.class);
      if (component.getType().isRecord()) {
        Map<String, String> own = setting == null ? Map.of() : defaultsOf(name, setting);
        Map<String, String> all = new HashMap<>(own);
        all.putAll(given);
        collect(component.getType(), name, all, keys);
        own.keySet().forEach(key -> requireKnown(key, keys));
        continue;
      }
      if (setting == null) {
        throw new IllegalArgumentException(name + " has no @Setting");
      }
      String own = setting.value().equals(Setting.REQUIRED) ? null : setting.value();
      keys.add(new SettingKey(name, component, setting, given.getOrDefault(name, own)));
    }
  }

  private static void requireKnown(String name, List<SettingKey> keys) {
    if (keys.stream().noneMatch(key -> key.name().equals(name))) {
      throw new IllegalArgumentException(name + " has a default and does not exist");
    }
  }

  private static Map<String, String> defaultsOf(String group, Setting setting) {
    Map<String, String> defaults = new HashMap<>();
    if (!setting.value().equals(Setting.REQUIRED)) {
      for (String one : setting.value().split(",", -1)) {
        int equals = one.indexOf('=');
        if (equals < 0) {
          throw new IllegalArgumentException(group + ": '" + one + "' is no default: write key=value");
        }
        defaults.put(group + "." + one.substring(0, equals).strip(), one.substring(equals + 1).strip());
      }
    }
    return defaults;
  }
}
