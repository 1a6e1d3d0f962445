package dev.parley.dispatcher.webhook;

import dev.parley.chassis.config.Setting;
import java.time.Duration;

/** How webhooks are delivered. */
public record WebhookSettings(
    @Setting(value = "100", doc = "Endpoints at most.")
    int endpoints,
    @Setting(value = "256", doc = "Requests under way at most, to all endpoints.")
    int requests,
    @Setting(
        value = "32",
        doc = "Requests under way to one endpoint at most. It begins with 2, and gets one more with each success.")
    int requestsPerEndpoint,
    @Setting(
        value = "16",
        doc = "Conversations of one shard whose events are under way to one endpoint at once. Those of one conversation"
            + " go one after another.")
    int conversationsPerShard,
    @Setting(
        value = "256",
        doc = "Records of one shard that one endpoint may be ahead of the oldest one that it has not taken.")
    int lookAhead,
    @Setting(value = "256KiB", doc = "What they may take of memory, in bytes; always one record.")
    long lookAheadBytes,
    @Setting(value = "1s", doc = "How often a cursor is stored at most. What lies between comes twice after a crash.")
    Duration storeEvery,
    @Setting(value = "1s", doc = "How often the end of a shard is looked at, if nobody tells that it has grown.")
    Duration tailEvery,
    @Setting(value = "24h", doc = "An endpoint that failed for so long is not tried any more until it is enabled.")
    Duration giveUpAfter) {
  /** Checks that every limit is one. */
  public WebhookSettings {
    if (endpoints < 1 || endpoints > WebhookTable.MOST) {
      throw new IllegalArgumentException("endpoints must be 1 to " + WebhookTable.MOST + ", not " + endpoints);
    }
    if (requestsPerEndpoint < 1 || requests < requestsPerEndpoint) {
      throw new IllegalArgumentException("requests-per-endpoint must be 1 to requests, which is " + requests);
    }
    if (conversationsPerShard < 1 || lookAhead < 1 || lookAheadBytes < 1) {
      throw new IllegalArgumentException("conversations-per-shard and what is looked ahead must be at least 1");
    }
    if (storeEvery.isNegative() || tailEvery.toMillis() < 1 || giveUpAfter.toMillis() < 1) {
      throw new IllegalArgumentException("times must be at least 1ms");
    }
  }
}
