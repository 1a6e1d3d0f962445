package dev.parley.dispatcher.shard;

import dev.parley.conversation.Timestamps;
import dev.parley.dispatcher.push.Push;
import dev.parley.v1.Event;
import dev.parley.v1.Message;
import java.time.Instant;
import java.util.Set;

/**
 * A message that somebody may have to be told of. Immutable.
 *
 * @param position of its record
 * @param preview what is shown of it
 * @param trace as {@code LogRecord.trace_context}
 */
record Waiting(
    long position,
    String conversationId,
    long seq,
    String senderId,
    Instant time,
    Set<String> mentions,
    boolean mentionsAll,
    String preview,
    String trace) {
  static Waiting of(long position, String conversationId, Event event, String trace) {
    Message message = event.getMessage();
    return new Waiting(
        position,
        conversationId,
        event.getSeq(),
        event.getSenderId(),
        Timestamps.toInstant(event.getTime()),
        Set.copyOf(message.getMentionedUserIdsList()),
        message.getMentionAll(),
        preview(message),
        trace);
  }

  /** It was edited. */
  Waiting with(Message message) {
    return new Waiting(
        position,
        conversationId,
        seq,
        senderId,
        time,
        Set.copyOf(message.getMentionedUserIdsList()),
        message.getMentionAll(),
        preview(message),
        trace);
  }

  boolean mentions(String userId) {
    return mentionsAll || mentions.contains(userId);
  }

  /** What is shown of a message: the beginning of its text, or what is attached. */
  static String preview(Message message) {
    String text = message.getText().isEmpty() ? attachment(message) : message.getText();
    if (text.codePointCount(0, text.length()) <= Push.MAX_BODY) {
      return text;
    }
    return text.substring(0, text.offsetByCodePoints(0, Push.MAX_BODY - 1)) + "…";
  }

  private static String attachment(Message message) {
    if (message.getAttachmentsCount() == 0) {
      return "";
    }
    String name = message.getAttachments(0).getName();
    return name.isEmpty() ? message.getAttachments(0).getMediaType() : name;
  }
}
