package dev.parley.chassis.config;

import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Writes down all settings of a program: for {@code --help}, and as Markdown for the documentation. */
public final class SettingsReference {
  private static final Pattern CREDENTIALS = Pattern.compile("//[^/@\\s]*@");

  private SettingsReference() {}

  /** Lines for a terminal. */
  public static String help(Class<? extends Record> type) {
    StringBuilder out = new StringBuilder();
    out.append("Settings, as --key=value, as environment variable or in the file of --config=FILE:\n");
    for (SettingKey key : SettingKey.of(type)) {
      out.append("\n  --").append(key.name()).append('=').append(standard(key, "")).append('\n');
      out.append("      ").append(key.setting().doc()).append('\n');
      out.append("      ").append(key.environment()).append('\n');
    }
    return out.toString();
  }

  /** One table for each program, in the order given. */
  public static String markdown(List<Class<? extends Record>> types) {
    StringBuilder out = new StringBuilder();
    for (Class<? extends Record> type : types) {
      out.append("## `").append(SettingKey.prefix(type)).append("`\n\n");
      out.append("| Setting | Default | What and why |\n|---|---|---|\n");
      for (SettingKey key : SettingKey.of(type)) {
        String name = key.name().substring(SettingKey.prefix(type).length() + 1);
        out.append("| `").append(name).append("` | ").append(standard(key, "`"));
        out.append(" | ").append(key.setting().doc().replace("|", "\\|")).append(" |\n");
      }
      out.append('\n');
    }
    return out.toString();
  }

  /**
   * The settings of a program that runs, one a line, in the order of the reference. Secrets, and names and passwords in
   * addresses, are shown as {@code ***}.
   */
  public static String values(Record settings) {
    StringBuilder out = new StringBuilder();
    Map<String, @Nullable Object> values = new HashMap<>();
    collect(SettingKey.prefix(settings.getClass()), settings, values);
    for (SettingKey key : SettingKey.of(settings.getClass())) {
      Object value = values.get(key.name());
      out.append(key.name()).append('=');
      if (value != null) {
        out.append(key.setting().secret() ? "***" : CREDENTIALS.matcher(text(value)).replaceAll("//***@"));
      }
      out.append('\n');
    }
    return out.toString();
  }

  private static void collect(String prefix, Record settings, Map<String, @Nullable Object> values) {
    for (RecordComponent component : settings.getClass().getRecordComponents()) {
      String name = prefix + "." + SettingKey.kebab(component.getName());
      Object value;
      try {
        Method accessor = component.getAccessor();
        accessor.setAccessible(true);
        value = accessor.invoke(settings);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(name + " cannot be read", e);
      }
      if (value instanceof Record group) {
        collect(name, group, values);
      } else {
        values.put(name, value);
      }
    }
  }

  private static String text(Object value) {
    return switch (value) {
      case List<?> list -> list.stream().map(SettingsReference::text).collect(Collectors.joining(","));
      case Duration time -> SettingValue.text(time);
      case Enum<?> constant -> SettingKey.kebab(constant.toString().replace('_', '-'));
      default -> value.toString();
    };
  }

  private static String standard(SettingKey key, String quote) {
    String standard = key.standard();
    if (standard != null) {
      return standard.isEmpty() ? "" : quote + standard + quote;
    }
    return key.isOptional() ? "(none)" : "(required)";
  }
}
