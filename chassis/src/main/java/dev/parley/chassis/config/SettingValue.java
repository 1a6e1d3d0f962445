package dev.parley.chassis.config;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the text of a setting as a value of the component's type. */
final class SettingValue {
  private static final Pattern AMOUNT = Pattern.compile("(-?\\d+)\\s*([A-Za-z]*)");

  private SettingValue() {}

  /**
   * The value of {@code text}.
   *
   * @throws IllegalArgumentException with a message that says what is expected
   */
  static Object parse(Type type, String text) {
    if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
      List<Object> values = new ArrayList<>();
      for (String item : text.split(",", -1)) {
        if (!item.isBlank()) {
          values.add(parse(list.getActualTypeArguments()[0], item.strip()));
        }
      }
      return List.copyOf(values);
    }
    if (type == String.class) {
      return text;
    } else if (type == int.class) {
      return Math.toIntExact(amount(text));
    } else if (type == long.class) {
      return amount(text);
    } else if (type == double.class) {
      return number(text);
    } else if (type == boolean.class) {
      return truth(text);
    } else if (type == Duration.class) {
      return duration(text);
    } else if (type == Path.class) {
      return Path.of(text);
    } else if (type == URI.class) {
      return URI.create(text);
    } else if (type instanceof Class<?> c && c.isEnum()) {
      return constant(c, text);
    }
    throw new IllegalStateException("settings of type " + type + " are not known");
  }

  private static double number(String text) {
    try {
      return Double.parseDouble(text.strip());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("a number, as 0.01", e);
    }
  }

  private static boolean truth(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("true or false");
    };
  }

  private static Object constant(Class<?> type, String text) {
    for (Object constant : type.getEnumConstants()) {
      if (SettingKey.kebab(constant.toString().replace('_', '-')).equals(SettingKey.kebab(text.replace('_', '-')))) {
        return constant;
      }
    }
    throw new IllegalArgumentException("one of " + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT));
  }

  private static long amount(String text) {
    Matcher m = AMOUNT.matcher(text.strip());
    if (!m.matches()) {
      throw new IllegalArgumentException("a whole number, optionally with KiB, MiB or GiB");
    }
    long unit =
        switch (m.group(2)) {
          case "" -> 1;
          case "KiB" -> 1L << 10;
          case "MiB" -> 1L << 20;
          case "GiB" -> 1L << 30;
          default -> throw new IllegalArgumentException("a whole number, optionally with KiB, MiB or GiB");
        };
    return Math.multiplyExact(Long.parseLong(m.group(1)), unit);
  }

  /** A time as it is written in settings. */
  static String text(Duration time) {
    long millis = time.toMillis();
    return millis % 1000 != 0 ? millis + "ms" : millis / 1000 + "s";
  }

  static Duration duration(String text) {
    Matcher m = AMOUNT.matcher(text.strip());
    ChronoUnit unit =
        switch (m.matches() ? m.group(2) : "") {
          case "ms" -> ChronoUnit.MILLIS;
          case "s" -> ChronoUnit.SECONDS;
          case "m" -> ChronoUnit.MINUTES;
          case "h" -> ChronoUnit.HOURS;
          case "d" -> ChronoUnit.DAYS;
          default -> throw new IllegalArgumentException("a time with its unit, as 500ms, 20s, 5m, 24h or 30d");
        };
    return Duration.of(Long.parseLong(m.group(1)), unit);
  }
}
