package dev.parley.gateway;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * The JSON mapping of Protobuf. Fields that are not known are passed over, as in Protobuf itself. Numbers of more than 1,000
 * characters are refused by the parser before it computes anything from them. Thread-safe.
 */
final class Json {
  private static final JsonFormat.Parser PARSER = JsonFormat.parser().ignoringUnknownFields();
  private static final JsonFormat.Printer PRINTER = JsonFormat.printer().omittingInsignificantWhitespace();

  /** The longest exponent that a number may have: 1e999999999 would fill the memory. */
  private static final int EXPONENT_DIGITS = 3;

  private Json() {}

  /** What was said is no JSON of the message. The text is for the one who said it. */
  static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1;

    MalformedException(String message) {
      super(message);
    }
  }

  /** Reads UTF-8 into the builder. */
  static void read(ByteBuffer utf8, Message.Builder into) throws MalformedException {
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(utf8)
              .toString();
      requireShortExponents(text);
      PARSER.merge(text, into);
    } catch (CharacterCodingException e) {
      throw new MalformedException("the text is not UTF-8");
    } catch (InvalidProtocolBufferException | RuntimeException e) {
      // The parser throws a dozen kinds of exceptions at what is no JSON; none says more than this.
      throw new MalformedException("the text is no JSON of " + into.getDescriptorForType().getName());
    }
  }

  private static void requireShortExponents(String text) throws MalformedException {
    boolean quoted = false;
    int digits = -1;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted) {
        if (c == '\\') {
          i++;
        } else if (c == '"') {
          quoted = false;
        }
      } else if (c == '"') {
        quoted = true;
        digits = -1;
      } else if (c == 'e' || c == 'E') {
        digits = 0;
      } else if (digits >= 0 && c >= '0' && c <= '9') {
        if (++digits > EXPONENT_DIGITS) {
          throw new MalformedException("a number is too large");
        }
      } else if (c != '+' && c != '-') {
        digits = -1;
      }
    }
  }

  /** The message on one line. */
  static String write(MessageOrBuilder message) throws InvalidProtocolBufferException {
    return PRINTER.print(message);
  }
}
