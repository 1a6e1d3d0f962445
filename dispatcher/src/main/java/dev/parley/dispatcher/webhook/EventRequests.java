package dev.parley.dispatcher.webhook;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.parley.dispatcher.http.Post;
import dev.parley.internal.v1.StoredWebhook;
import dev.parley.v1.Event;
import dev.parley.v1.WebhookData;
import dev.parley.v1.WebhookPayload;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.UUID;

/** Makes the request that tells an endpoint of an event. */
final class EventRequests {
  private static final JsonFormat.Printer JSON = JsonFormat.printer().omittingInsignificantWhitespace();

  private EventRequests() {}

  /** The request, signed for an attempt at this time. */
  static Post of(StoredWebhook webhook, String conversationId, Event event, Instant now) {
    String body = body(conversationId, event);
    String id = id(webhook.getWebhook().getWebhookId(), conversationId, event.getSeq());
    return new Post(
        URI.create(webhook.getWebhook().getUrl()),
        Signatures.headers(webhook.getSecretsList(), id, now, body),
        body.getBytes(StandardCharsets.UTF_8));
  }

  /** The same for each attempt to tell this endpoint of this event, by whichever dispatcher: a UUIDv8 made by SHA-256. */
  static String id(String webhookId, String conversationId, long seq) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String part : new String[] {webhookId, conversationId}) {
        byte[] text = part.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(text.length).flip());
        digest.update(text);
      }
      ByteBuffer hash = ByteBuffer.wrap(digest.digest(ByteBuffer.allocate(Long.BYTES).putLong(seq).array()));
      long high = (hash.getLong() & ~0xF000L) | 0x8000L;
      long low = (hash.getLong() & ~(0b11L << 62)) | (0b10L << 62);
      return new UUID(high, low).toString();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  static String body(String conversationId, Event event) {
    WebhookPayload payload =
        WebhookPayload.newBuilder()
            .setType(type(event))
            .setTimestamp(event.getTime())
            .setData(WebhookData.newBuilder().setConversationId(conversationId).setEvent(event))
            .build();
    try {
      return JSON.print(payload);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("only a message with an Any of an unknown type has no JSON", e);
    }
  }

  /** What happened, as the comment of WebhookPayload.type lists it. */
  static String type(Event event) {
    return switch (event.getBodyCase()) {
      case MESSAGE -> "message.sent";
      case EDIT -> "message.edited";
      case DELETION -> "message.deleted";
      case REACTION -> "message.reaction";
      case CREATED -> "conversation.created";
      case MEMBERS_ADDED -> "member.added";
      case MEMBER_REMOVED -> "member.removed";
      case MEMBER_JOINED -> "member.joined";
      case MEMBER_LEFT -> "member.left";
      case ROLE_CHANGED -> "member.role_changed";
      case RENAMED -> "conversation.renamed";
      case BODY_NOT_SET -> event.getDeleted() ? "event.erased" : "event.unknown";
    };
  }
}
