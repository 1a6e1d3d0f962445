package dev.parley.chassis.config;

import java.util.List;

/** Writes down all settings of a program: for {@code --help}, and as Markdown for the documentation. */
public final class SettingsReference {
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

  private static String standard(SettingKey key, String quote) {
    String standard = key.standard();
    if (standard != null) {
      return standard.isEmpty() ? "" : quote + standard + quote;
    }
    return key.isOptional() ? "(none)" : "(required)";
  }
}
