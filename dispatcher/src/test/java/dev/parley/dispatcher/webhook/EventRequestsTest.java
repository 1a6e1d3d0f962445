package dev.parley.dispatcher.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.Timestamps;
import dev.parley.dispatcher.http.Post;
import dev.parley.internal.v1.StoredWebhook;
import dev.parley.v1.Event;
import dev.parley.v1.MemberLeft;
import dev.parley.v1.Message;
import dev.parley.v1.Reaction;
import dev.parley.v1.Renamed;
import dev.parley.v1.Webhook;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EventRequestsTest {
  private static final Instant THEN = Instant.parse("2026-03-01T12:00:00Z");
  private static final Event MESSAGE =
      Event.newBuilder()
          .setSeq(7)
          .setSenderId("ann")
          .setTime(Timestamps.of(THEN))
          .setMessage(Message.newBuilder().setText("hi"))
          .build();

  @Test
  void aRequestHoldsTheEventAsMembersGetItAndSaysWhenItIsSent() {
    StoredWebhook webhook =
        StoredWebhook.newBuilder()
            .setWebhook(Webhook.newBuilder().setWebhookId("w").setUrl("https://a.example/hook"))
            .addSecrets(Signatures.newSecret())
            .build();
    Post post = EventRequests.of(webhook, "c1", MESSAGE, THEN.plusSeconds(90));
    assertThat(post.target()).isEqualTo(URI.create("https://a.example/hook"));
    assertThat(new String(post.body(), StandardCharsets.UTF_8))
        .isEqualTo(
            "{\"type\":\"message.sent\",\"timestamp\":\"2026-03-01T12:00:00Z\",\"data\":{\"conversationId\":\"c1\","
                + "\"event\":{\"seq\":\"7\",\"senderId\":\"ann\",\"time\":\"2026-03-01T12:00:00Z\","
                + "\"message\":{\"text\":\"hi\"}}}}");
    assertThat(post.headers())
        .containsEntry("webhook-id", EventRequests.id("w", "c1", 7))
        .containsEntry("webhook-timestamp", Long.toString(THEN.plusSeconds(90).getEpochSecond()));
  }

  @Test
  void anIdIsTheSameEachTimeAndAnotherForEverythingElse() {
    // Fixed for ever: an endpoint that drops repetitions knows events by it.
    assertThat(EventRequests.id("w", "c", 1)).isEqualTo("21f97928-56d0-87d7-9dda-0be1a2c4c394");
    assertThat(
            Stream.of(
                    EventRequests.id("w", "c", 1),
                    EventRequests.id("w", "c", 2),
                    EventRequests.id("w", "d", 1),
                    EventRequests.id("v", "c", 1),
                    EventRequests.id("wc", "", 1),
                    EventRequests.id("", "wc", 1))
                .distinct())
        .hasSize(6);
    assertThat(EventRequests.id("w", "c", 1)).matches("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  }

  @Test
  void eachBodyHasATypeOfItsOwn() {
    Set<String> types =
        Event.getDescriptor().getOneofs().getFirst().getFields().stream()
            .map(field -> {
              Event.Builder event = Event.newBuilder();
              return EventRequests.type(event.setField(field, event.newBuilderForField(field).build()).build());
            })
            .collect(Collectors.toSet());
    assertThat(types).hasSize(Event.getDescriptor().getOneofs().getFirst().getFieldCount()).doesNotContain("event.unknown");
    assertThat(EventRequests.type(MESSAGE)).isEqualTo("message.sent");
    assertThat(EventRequests.type(Event.newBuilder().setReaction(Reaction.getDefaultInstance()).build()))
        .isEqualTo("message.reaction");
    assertThat(EventRequests.type(Event.newBuilder().setMemberLeft(MemberLeft.getDefaultInstance()).build()))
        .isEqualTo("member.left");
    assertThat(EventRequests.type(Event.newBuilder().setRenamed(Renamed.getDefaultInstance()).build()))
        .isEqualTo("conversation.renamed");
  }

  @Test
  void anEventWhoseBodyIsGoneSaysSo() {
    assertThat(EventRequests.type(Event.newBuilder().setDeleted(true).build())).isEqualTo("event.erased");
    assertThat(EventRequests.type(Event.getDefaultInstance())).isEqualTo("event.unknown");
  }
}
