package dev.parley.router.api;

import dev.parley.conversation.PageIndex;
import dev.parley.conversation.Refusal;
import dev.parley.conversation.RefusedException;
import dev.parley.conversation.history.TrimmedException;
import dev.parley.router.shard.CommittedRecord;
import dev.parley.router.shard.FollowAnswer;
import dev.parley.router.shard.Readable;
import dev.parley.router.shard.ShardHost;
import dev.parley.v1.Conversation;
import dev.parley.v1.Cursor;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.Event;
import dev.parley.v1.Events;
import dev.parley.v1.ListConversationsRequest;
import dev.parley.v1.ListConversationsResponse;
import dev.parley.v1.ListEventsRequest;
import dev.parley.v1.ListEventsResponse;
import dev.parley.v1.ListMembersRequest;
import dev.parley.v1.ListMembersResponse;
import dev.parley.v1.Member;
import dev.parley.v1.Reset;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** The paged calls. Thread-safe; keeps nothing between pages. */
public final class Listings {
  private static final int CONVERSATIONS_PER_PAGE = 50;
  private static final int MEMBERS_PER_PAGE = 100;
  private static final int EVENTS_PER_PAGE = 64;
  /** A page ends behind the event that reaches this size: gRPC clients take 4 MiB unless told otherwise. */
  private static final int BYTES_PER_PAGE = 1 << 20;

  private static final Refusal TRIMMED_MEANWHILE =
      new Refusal(
          ErrorReason.ERROR_REASON_BROKER_UNAVAILABLE,
          "the log was trimmed while it was read; ask again",
          Map.of(),
          Duration.ofSeconds(1));

  private final Shards shards;

  /** Of these shards. */
  public Listings(Shards shards) {
    this.shards = shards;
  }

  /** The user's conversations in order of their ids; the page token is the last one's id. */
  CompletableFuture<ListConversationsResponse> conversations(String userId, ListConversationsRequest request) {
    int size = request.getPageSize() == 0 ? CONVERSATIONS_PER_PAGE : request.getPageSize();
    CompletableFuture<TreeSet<String>> ids = CompletableFuture.completedFuture(new TreeSet<>());
    for (ShardHost shard : shards.all()) {
      ids =
          ids.thenCombine(
              shard.conversationsOf(userId),
              (all, some) -> {
                all.addAll(some);
                return all;
              });
    }
    return ids.thenCompose(all -> describe(userId, all, request.getPageToken(), size));
  }

  private CompletableFuture<ListConversationsResponse> describe(
      String userId, TreeSet<String> all, String after, int size) {
    List<String> page = all.tailSet(after, false).stream().limit(size).toList();
    List<CompletableFuture<@Nullable Conversation>> described =
        page.stream().map(id -> describeIfThere(id, userId)).toList();
    return CompletableFuture.allOf(described.toArray(CompletableFuture[]::new))
        .thenApply(
            done -> {
              ListConversationsResponse.Builder response = ListConversationsResponse.newBuilder();
              described.stream()
                  .map(CompletableFuture::join)
                  .filter(Objects::nonNull)
                  .forEach(response::addConversations);
              if (!page.isEmpty() && all.higher(page.getLast()) != null) {
                response.setNextPageToken(page.getLast());
              }
              return response.build();
            });
  }

  /** Null: what made it was trimmed, and no waiting brings it back. It must not keep the user from the others. */
  private CompletableFuture<@Nullable Conversation> describeIfThere(String id, String userId) {
    return shards
        .of(id)
        .describe(id, userId)
        .exceptionallyCompose(
            failure ->
                causeOf(failure) instanceof RefusedException refused && refused.refusal().retryAfter() == null
                    ? CompletableFuture.completedFuture(null)
                    : CompletableFuture.failedFuture(failure));
  }

  private static Throwable causeOf(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
  }

  /** Members in order of their ids; the page token is the last one's id. */
  CompletableFuture<ListMembersResponse> members(String userId, ListMembersRequest request) {
    int size = request.getPageSize() == 0 ? MEMBERS_PER_PAGE : request.getPageSize();
    return shards
        .of(request.getConversationId())
        .members(request.getConversationId(), userId, request.getPageToken(), size + 1)
        .thenApply(
            found -> {
              List<Member> page = found.subList(0, Math.min(size, found.size()));
              ListMembersResponse.Builder response = ListMembersResponse.newBuilder().addAllMembers(page);
              if (found.size() > size) {
                response.setNextPageToken(page.getLast().getUserId());
              }
              return response.build();
            });
  }

  /** Events within what the user may read, forwards from a cursor or backwards from a seq. */
  public CompletableFuture<ListEventsResponse> events(String userId, ListEventsRequest request) {
    int size = request.getPageSize() == 0 ? EVENTS_PER_PAGE : request.getPageSize();
    String id = request.getConversationId();
    ShardHost shard = shards.of(id);
    if (request.hasAfter()) {
      return shard
          .position(id, userId, request.getAfter())
          .thenCompose(
              answer ->
                  switch (answer) {
                    case FollowAnswer.Refused refused ->
                        CompletableFuture.failedFuture(new RefusedException(refused.refusal()));
                    case FollowAnswer.Following at when at.reset() != null ->
                        CompletableFuture.completedFuture(
                            ListEventsResponse.newBuilder()
                                .setReset(
                                    Reset.newBuilder()
                                        .setConversationId(id)
                                        .setReason(at.reset())
                                        .setNext(at.next()))
                                .build());
                    case FollowAnswer.Following at -> {
                      var page = new EventPage(new Readable(at.readable()), at.head().getSeq(), size);
                      yield forwards(shard, id, page, at.afterSeq() + 1);
                    }
                  });
    }
    return shard
        .describe(id, userId)
        .thenCompose(
            conversation -> {
              long head = conversation.getHead().getSeq();
              long newest = request.getBeforeSeq() == 0 ? head : Math.min(head, request.getBeforeSeq() - 1);
              var page = new EventPage(new Readable(conversation.getReadableList()), head, size);
              return backwards(shard, id, page, newest);
            });
  }

  private CompletableFuture<ListEventsResponse> forwards(ShardHost shard, String id, EventPage page, long from) {
    long next = page.readable.next(from);
    if (page.full() || next > page.head) {
      return CompletableFuture.completedFuture(page.response(next <= page.head));
    }
    return shard
        .from(id, next)
        .thenCompose(
            records -> {
              long reached = next - 1;
              for (CommittedRecord record : records) {
                reached = page.addForwards(record, reached + 1);
              }
              if (reached < next) {
                throw unreadable(id, next);
              }
              return forwards(shard, id, page, reached + 1);
            })
        .exceptionallyCompose(failure -> trimmedMeanwhile(page, failure));
  }

  /** What is read is answered; whoever goes on from there, or asks again, is told by a Reset where to. */
  private static CompletableFuture<ListEventsResponse> trimmedMeanwhile(EventPage page, Throwable failure) {
    if (TrimmedException.in(failure) == null) {
      return CompletableFuture.failedFuture(failure);
    }
    return page.count > 0
        ? CompletableFuture.completedFuture(page.response(true))
        : CompletableFuture.failedFuture(new RefusedException(TRIMMED_MEANWHILE));
  }

  private CompletableFuture<ListEventsResponse> backwards(ShardHost shard, String id, EventPage page, long newest) {
    long next = page.readable.previous(newest);
    if (page.full() || next < 1) {
      return CompletableFuture.completedFuture(page.response(next >= 1));
    }
    return shard
        .pageOf(id, next)
        .thenCompose(
            records -> {
              if (records.isEmpty()) {
                throw unreadable(id, next);
              }
              long reached = next;
              for (CommittedRecord record : records.reversed()) {
                reached = page.addBackwards(record, reached);
              }
              return backwards(shard, id, page, Math.min(reached, next - 1));
            })
        .exceptionallyCompose(
            failure ->
                TrimmedException.in(failure) == null
                    ? CompletableFuture.failedFuture(failure)
                    : CompletableFuture.completedFuture(page.response(false)));
  }

  private static RefusedException unreadable(String id, long seq) {
    return new RefusedException(
        Refusal.of(ErrorReason.ERROR_REASON_INTERNAL, "event " + seq + " of " + id + " cannot be read"));
  }

  /** Collects events up to the size asked for. */
  private static final class EventPage {
    private final Readable readable;
    private final long head;
    private final int size;
    private final List<Events> pages = new ArrayList<>();
    private int count;
    private int bytes;

    EventPage(Readable readable, long head, int size) {
      this.readable = readable;
      this.head = head;
      this.size = size;
    }

    boolean full() {
      return count >= size || bytes >= BYTES_PER_PAGE;
    }

    /** Adds the record's readable events from {@code from} on; the seq up to which everything is looked at. */
    long addForwards(CommittedRecord record, long from) {
      List<Event> events = new ArrayList<>();
      long seq = readable.next(Math.max(from, record.firstSeq()));
      long reached = from - 1;
      while (seq <= record.lastSeq() && seq <= head && !full()) {
        events.add(record.event(seq));
        bytes += record.eventBytes(seq).size();
        count++;
        reached = seq;
        seq = readable.next(seq + 1);
      }
      add(record, events);
      return full() ? reached : Math.max(reached, Math.min(record.lastSeq(), seq - 1));
    }

    /** Adds the record's readable events from {@code from} down; the seq down to which there may be more. */
    long addBackwards(CommittedRecord record, long from) {
      List<Event> events = new ArrayList<>();
      long seq = readable.previous(Math.min(from, record.lastSeq()));
      while (seq >= record.firstSeq() && seq >= 1 && !full()) {
        events.add(record.event(seq));
        bytes += record.eventBytes(seq).size();
        count++;
        seq = readable.previous(seq - 1);
      }
      add(record, events);
      return Math.min(from, seq);
    }

    private void add(CommittedRecord record, List<Event> events) {
      if (!events.isEmpty()) {
        pages.add(
            Events.newBuilder()
                .setConversationId(record.conversationId())
                .setPosition(record.position())
                .setTerm(record.term())
                .addAllEvents(events)
                .build());
      }
    }

    ListEventsResponse response(boolean more) {
      return ListEventsResponse.newBuilder().addAllPages(pages).setMore(more).build();
    }
  }
}
