package dev.parley.chassis.errors;

import build.buf.protovalidate.ValidationResult;
import build.buf.protovalidate.Validator;
import build.buf.protovalidate.ValidatorFactory;
import build.buf.protovalidate.exceptions.ValidationException;
import com.google.protobuf.Message;
import org.jspecify.annotations.Nullable;

/** Checks messages against the rules that stand beside their fields in the contract. Thread-safe. */
public final class Validation {
  private final Validator validator = ValidatorFactory.newBuilder().build();

  /**
   * A broken rule.
   *
   * @param field the path of the field, as in {@code command.message.text}
   * @param message which rule, for a person
   */
  public record Violation(String field, String message) {}

  /**
   * The first rule that the message breaks; null: none.
   *
   * @throws IllegalStateException if the contract's rules themselves are wrong
   */
  public @Nullable Violation check(Message message) {
    ValidationResult result;
    try {
      result = validator.validate(message);
    } catch (ValidationException e) {
      throw new IllegalStateException("the rules of " + message.getDescriptorForType().getFullName() + " are wrong", e);
    }
    if (result.isSuccess()) {
      return null;
    }
    build.buf.validate.Violation first = result.toProto().getViolations(0);
    return new Violation(path(first.getField()), first.getMessage());
  }

  private static String path(build.buf.validate.FieldPath field) {
    StringBuilder path = new StringBuilder();
    for (build.buf.validate.FieldPathElement element : field.getElementsList()) {
      if (!path.isEmpty()) {
        path.append('.');
      }
      path.append(element.getFieldName());
      if (element.hasIndex()) {
        path.append('[').append(element.getIndex()).append(']');
      }
    }
    return path.toString();
  }
}
