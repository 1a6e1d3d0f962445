package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.Broker.TableName;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Which of our processes connect to the broker, and the subjects that each needs there, as NATS writes them in permissions.
 * Whoever sets up a broker gives each a user with just these; operators, who make copies, have one without limits.
 *
 * <p>Appends to the shards, cut copies, read marks and the making, purging and erasing of streams are the routers' alone.
 */
public enum BrokerUser {
  /** Decides what happens in conversations, and makes the streams. */
  ROUTER(
      Stream.of(
          Stream.of(
              "chat.*.*",
              StreamNames.CUTS_SUBJECTS,
              StreamNames.MARKS_SUBJECTS,
              "user.*",
              StreamNames.INQUIRIES,
              // Answers to what others ask.
              "_INBOX.>"),
          values(
              TableName.CONVERSATION_LISTS,
              TableName.SNAPSHOTS,
              TableName.BLOCKS,
              TableName.PROFILES,
              TableName.PRESENCE_SETTINGS,
              TableName.PROGRESS,
              TableName.REVOCATIONS),
          Stream.of(StreamNames.bucketSubjects(StreamNames.ROUTERS)),
          Access.reads(),
          Stream.of("$JS.API.STREAM.CREATE.*", "$JS.API.STREAM.MSG.DELETE.*", "$JS.API.STREAM.PURGE." + StreamNames.MARKS)),
      Stream.of("_INBOX.>", "user.*", StreamNames.INQUIRIES)),

  /** Follows the shards and writes what it has done, and what users and partners want to be told of. */
  DISPATCHER(
      Stream.of(
          Stream.of(StreamNames.DISPATCH_SUBJECTS, StreamNames.INQUIRIES),
          values(TableName.PUSH_USERS, TableName.WEBHOOKS, TableName.WEBHOOK_CURSORS),
          Stream.of(StreamNames.bucketSubjects(StreamNames.DISPATCHERS)),
          Access.reads(),
          Stream.of("$JS.API.CONSUMER.NAMES.*", "$JS.ACK.>")),
      Stream.of("_INBOX.>"));

  private final List<String> publish;
  private final List<String> subscribe;

  BrokerUser(Stream<Stream<String>> publish, Stream<String> subscribe) {
    this.publish = publish.flatMap(subjects -> subjects).toList();
    this.subscribe = subscribe.toList();
  }

  private static Stream<String> values(TableName... tables) {
    return Stream.of(tables).map(StreamNames::bucket).map(StreamNames::bucketSubjects);
  }

  private static final class Access {
    /** What it takes to look into any stream and to follow it. */
    static Stream<String> reads() {
      return Stream.of(
          "$JS.API.STREAM.INFO.*",
          "$JS.API.STREAM.MSG.GET.*",
          "$JS.API.DIRECT.GET.*",
          "$JS.API.DIRECT.GET.*.>",
          "$JS.API.CONSUMER.CREATE.*.>",
          "$JS.API.CONSUMER.INFO.*.*",
          "$JS.API.CONSUMER.DELETE.*.*",
          "$JS.API.CONSUMER.MSG.NEXT.*.*",
          "$JS.FC.>");
    }
  }

  /** The user's name, unless an installation has others. */
  public String login() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The subjects that it may publish to. */
  public List<String> publish() {
    return publish;
  }

  /** The subjects that it may subscribe to. */
  public List<String> subscribe() {
    return subscribe;
  }
}
