package dev.parley.chassis.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Documents one component of a settings record. A component whose type is itself a record is a group of settings; its
 * value may give other defaults to some of them, as {@code "window=4, open-for=1s"}.
 *
 * <p>Without a default value a setting is required, or, if its type is {@code @Nullable}, simply absent.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {
  /** What it is, why it has its default, and its unit; for {@code --help} and the reference. */
  String doc();

  /** The default, written as in a settings file. */
  String value() default REQUIRED;

  /** Whether it is shown to nobody. */
  boolean secret() default false;

  /** Stands for "no default": no value that anybody writes. */
  String REQUIRED = "\0";
}
