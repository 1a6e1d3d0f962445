package dev.parley.chassis.config;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One setting: where it stands in the record and under which names it is set.
 *
 * @param name the full key, as in {@code parley.router.frame-bytes}
 * @param component the record component that holds it
 * @param setting its documentation and default
 */
record SettingKey(String name, RecordComponent component, Setting setting) {
  /** The name as environment variable: {@code PARLEY_ROUTER_FRAME_BYTES}. */
  String environment() {
    return name.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  boolean hasDefault() {
    return !setting.value().equals(Setting.REQUIRED);
  }

  /** Whether it may be absent. */
  boolean isOptional() {
    return component.getAnnotatedType().isAnnotationPresent(Nullable.class);
  }

  /** All settings below a record type, in the order in which they are written. */
  static List<SettingKey> of(Class<?> type) {
    List<SettingKey> keys = new ArrayList<>();
    collect(type, prefix(type), keys);
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

  private static void collect(Class<?> type, String prefix, List<SettingKey> keys) {
    for (RecordComponent component : type.getRecordComponents()) {
      String name = prefix + "." + kebab(component.getName());
      if (component.getType().isRecord()) {
        collect(component.getType(), name, keys);
        continue;
      }
      Setting setting = component.getAnnotation(Setting.class);
      if (setting == null) {
        throw new IllegalArgumentException(name + " has no @Setting");
      }
      keys.add(new SettingKey(name, component, setting));
    }
  }
}
