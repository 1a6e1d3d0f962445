package dev.parley.dispatcher.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.conversation.Timestamps;
import dev.parley.v1.CreateWebhookRequest;
import dev.parley.v1.CreateWebhookResponse;
import dev.parley.v1.DeleteWebhookRequest;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.GetWebhookRequest;
import dev.parley.v1.ListWebhooksRequest;
import dev.parley.v1.ReplayWebhookRequest;
import dev.parley.v1.RotateWebhookSecretRequest;
import dev.parley.v1.UpdateWebhookRequest;
import dev.parley.v1.Webhook;
import dev.parley.v1.WebhookState;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class WebhookGrpcServiceTest {
  private static final String URL = "https://a.example/hook";

  private final Rig rig = new Rig();
  private final WebhookGrpcService service =
      new WebhookGrpcService(rig.table, new WebhookViews(rig.broker, () -> rig.now), rig.endpoints);

  private static CreateWebhookRequest creation(String id, String url) {
    return CreateWebhookRequest.newBuilder().setWebhookId(id).setUrl(url).addConversationIds("c1").build();
  }

  private CreateWebhookResponse create(String id) {
    return Answer.of(service::createWebhook, creation(id, URL));
  }

  private Webhook get(String id) {
    return Answer.of(service::getWebhook, GetWebhookRequest.newBuilder().setWebhookId(id).build()).getWebhook();
  }

  private String rotate(String id, boolean dropPrevious) {
    return Answer.of(
            service::rotateWebhookSecret,
            RotateWebhookSecretRequest.newBuilder().setWebhookId(id).setDropPrevious(dropPrevious).build())
        .getSecret();
  }

  @Test
  void aWebhookIsCreatedOnceHoweverOftenItIsAskedFor() {
    CreateWebhookResponse first = create("w1");
    assertThat(first.getSecret()).startsWith("whsec_");
    assertThat(first.getWebhook().getState()).isEqualTo(WebhookState.WEBHOOK_STATE_ENABLED);
    assertThat(first.getWebhook().getConversationIdsList()).containsExactly("c1");
    assertThat(create("w1")).isEqualTo(first);
    assertThat(Answer.refusal(service::createWebhook, creation("w1", "https://other.example/")))
        .isEqualTo(ErrorReason.ERROR_REASON_INVALID_FIELD);
  }

  @Test
  void anAddressThatIsNotAllowedIsRefused() {
    assertThat(Answer.refusal(service::createWebhook, creation("w1", "http://a.example/")))
        .isEqualTo(ErrorReason.ERROR_REASON_TARGET_NOT_ALLOWED);
    assertThat(Answer.refusal(service::createWebhook, creation("w1", "no address")))
        .isEqualTo(ErrorReason.ERROR_REASON_TARGET_NOT_ALLOWED);
    create("w1");
    assertThat(
            Answer.refusal(
                service::updateWebhook,
                UpdateWebhookRequest.newBuilder().setWebhookId("w1").setUrl("ftp://a.example/").build()))
        .isEqualTo(ErrorReason.ERROR_REASON_TARGET_NOT_ALLOWED);
    assertThat(get("w1").getUrl()).isEqualTo(URL);
  }

  @Test
  void thereAreOnlySoMany() {
    create("w1");
    create("w2");
    create("w3");
    assertThat(Answer.refusal(service::createWebhook, creation("w4", URL)))
        .isEqualTo(ErrorReason.ERROR_REASON_LIMIT_EXCEEDED);
    Answer.of(service::deleteWebhook, DeleteWebhookRequest.newBuilder().setWebhookId("w2").build());
    assertThat(create("w4").getWebhook().getWebhookId()).isEqualTo("w4");
    assertThat(create("w1").getWebhook().getWebhookId()).isEqualTo("w1");
  }

  @Test
  void theListHoldsAllThatAreNotDeletedOldestFirstAndNoSecret() {
    String secret = create("w2").getSecret();
    rig.pass(Duration.ofSeconds(1));
    create("w1");
    rig.pass(Duration.ofSeconds(1));
    create("w3");
    Answer.of(service::deleteWebhook, DeleteWebhookRequest.newBuilder().setWebhookId("w3").build());
    var list = Answer.of(service::listWebhooks, ListWebhooksRequest.getDefaultInstance());
    assertThat(list.getWebhooksList()).extracting(Webhook::getWebhookId).containsExactly("w2", "w1");
    assertThat(list.toString()).doesNotContain(secret);
  }

  @Test
  void aDeletedWebhookDoesNotComeBack() {
    create("w1");
    DeleteWebhookRequest deletion = DeleteWebhookRequest.newBuilder().setWebhookId("w1").build();
    Answer.of(service::deleteWebhook, deletion);
    Answer.of(service::deleteWebhook, deletion);
    assertThat(Answer.refusal(service::createWebhook, creation("w1", URL)))
        .isEqualTo(ErrorReason.ERROR_REASON_INVALID_FIELD);
    assertThat(Answer.refusal(service::getWebhook, GetWebhookRequest.newBuilder().setWebhookId("w1").build()))
        .isEqualTo(ErrorReason.ERROR_REASON_NOT_FOUND);
  }

  @Test
  void whatIsNotThereIsNotFound() {
    assertThat(Answer.refusal(service::updateWebhook, UpdateWebhookRequest.newBuilder().setWebhookId("w").build()))
        .isEqualTo(ErrorReason.ERROR_REASON_NOT_FOUND);
    assertThat(
            Answer.refusal(
                service::rotateWebhookSecret, RotateWebhookSecretRequest.newBuilder().setWebhookId("w").build()))
        .isEqualTo(ErrorReason.ERROR_REASON_NOT_FOUND);
    assertThat(Answer.refusal(service::replayWebhook, ReplayWebhookRequest.newBuilder().setWebhookId("w").build()))
        .isEqualTo(ErrorReason.ERROR_REASON_NOT_FOUND);
  }

  @Test
  void aSecretIsRotatedAndThePreviousOneKeptUntilItIsDropped() {
    String first = create("w1").getSecret();
    String second = rotate("w1", false);
    assertThat(rig.stored("w1").getSecretsList()).containsExactly(second, first);
    String third = rotate("w1", false);
    assertThat(rig.stored("w1").getSecretsList()).containsExactly(third, second);
    assertThat(rotate("w1", true)).isEqualTo(third);
    assertThat(rig.stored("w1").getSecretsList()).containsExactly(third);
  }

  @Test
  void anUpdateChangesWhatItNames() {
    create("w1");
    var update =
        UpdateWebhookRequest.newBuilder().setWebhookId("w1").setState(WebhookState.WEBHOOK_STATE_DISABLED).build();
    Webhook disabled = Answer.of(service::updateWebhook, update).getWebhook();
    assertThat(disabled.getState()).isEqualTo(WebhookState.WEBHOOK_STATE_DISABLED);
    assertThat(disabled.getUrl()).isEqualTo(URL);
  }

  @Test
  void everythingIsDeliveredUpToWhereTheSlowestShardIs() {
    WebhookEngine dispatcher = rig.dispatcher();
    rig.endpoints.manner(URL, call -> call.text().equals("one") ? Endpoints.status(200) : null);
    create("w1");
    Instant created = rig.now;
    rig.pass(Duration.ofMinutes(1), dispatcher);
    rig.settle(dispatcher);
    assertThat(get("w1").getDeliveredTime()).isEqualTo(Timestamps.of(rig.now));

    rig.say("c1", "one");
    Instant one = rig.now;
    rig.pass(Duration.ofMinutes(1), dispatcher);
    rig.say("c1", "two");
    rig.settle(dispatcher);
    assertThat(get("w1").getDeliveredTime()).isEqualTo(Timestamps.of(one));

    // Nobody reads the other shard.
    new WrittenLog(rig.broker.shard(1)).messages("c1", rig.now, "three");
    assertThat(get("w1").getDeliveredTime()).isEqualTo(Timestamps.of(created));
  }
}
