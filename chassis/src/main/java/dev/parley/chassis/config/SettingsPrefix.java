package dev.parley.chassis.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Marks the record that holds all settings of one program. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface SettingsPrefix {
  /** What all keys of this program start with, without the last dot: {@code parley.router}. */
  String value();
}
