package dev.parley.router.shard;

import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.internal.v1.LogRecord;
import dev.parley.router.feed.FromOwner;
import dev.parley.router.feed.FromOwner.Batch;
import dev.parley.router.feed.FromOwner.Bounced;
import dev.parley.router.feed.FromOwner.Opened;
import dev.parley.router.feed.Item;
import dev.parley.router.feed.Question;
import dev.parley.router.feed.Reply;
import dev.parley.router.feed.RouterId;
import dev.parley.router.feed.ToOwner;
import dev.parley.v1.Receipt;
import dev.parley.v1.Term;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The feeds of a shard's owner: which router follows which conversations, and what it is told, in order, in batches that
 * each begin where the one before ended.
 *
 * <pre>
 *   OPENED --> REPLAYING --everything above the watermark is said--> LIVE --Bounced, link down--> gone
 * </pre>
 *
 * <p>A router that comes back with a watermark is told what it missed from the log; until that is done its questions,
 * and the answers to its commands, wait. Belongs to the shard's thread.
 */
final class Feeds implements Feed {
  private static final Logger LOG = LoggerFactory.getLogger(Feeds.class);
  private static final Duration READ_RETRY = Duration.ofMillis(50);
  /** Who is further behind follows its conversations anew: reading for each is cheaper than reading everything. */
  private static final long MAX_REPLAY = 20_000;
  private static final int MAX_FAILED_READS = 10;
  /** A batch is said when it has grown to this size, in bytes. */
  private static final int BATCH_BYTES = 256 << 10;
  /** Who follows what is kept as one bit a router. */
  private static final int MAX_FEEDS = Long.SIZE;

  private final ShardContext context;
  private final Executor shardThread;
  private final Mouth mouth;
  private final Desk desk;

  private final Map<RouterId, PeerFeed> feeds = new LinkedHashMap<>();
  private final PeerFeed[] byBit = new PeerFeed[MAX_FEEDS];
  private final Map<String, Long> followers = new HashMap<>();
  /**
   * Who opened before the shard was settled, and with which epoch. They open again then: a command that waited here for
   * long might be of a client that has sent it elsewhere since.
   */
  private final Map<RouterId, Long> early = new LinkedHashMap<>();
  /** Feeds that were dropped and could not be told. */
  private final Map<RouterId, Bounced> untold = new HashMap<>();
  private boolean settled;
  private long applied;
  private Term appliedTerm = Term.getDefaultInstance();
  private Term term = Term.getDefaultInstance();
  private boolean flushing;

  /** Says something to a router. */
  interface Mouth {
    /** False: it cannot be reached, or too much waits for it. */
    boolean say(RouterId router, FromOwner message);
  }

  /** Answers questions. */
  interface Desk {
    /** {@code bit}: by which the asking router follows. */
    void answer(ToOwner.Ask ask, int bit, java.util.function.Consumer<Reply> reply);
  }

  private static final class PeerFeed {
    final RouterId router;
    final ToOwner.Open open;
    final int bit;
    final ArrayDeque<ToOwner.Ask> held = new ArrayDeque<>();
    List<Item> pending = new ArrayList<>();
    int pendingBytes;
    long fedTo;
    int failedReads;
    boolean live;

    PeerFeed(RouterId router, ToOwner.Open open, int bit) {
      this.router = router;
      this.open = open;
      this.bit = bit;
    }
  }

  Feeds(ShardContext context, Executor shardThread, Mouth mouth, Desk desk) {
    this.context = context;
    this.shardThread = shardThread;
    this.mouth = mouth;
    this.desk = desk;
  }

  // ------------------------------------------------------------------ from the routers

  /** A router wants to be fed. */
  void open(RouterId router, ToOwner.Open open) {
    PeerFeed before = feeds.get(router);
    if (before != null && before.open.epoch() > open.epoch()) {
      return; // late, from a link that is down
    }
    close(router);
    untold.remove(router);
    if (!settled) {
      early.put(router, open.epoch());
      return;
    }
    int bit = 0;
    while (bit < MAX_FEEDS && byBit[bit] != null) {
      bit++;
    }
    if (bit == MAX_FEEDS) {
      LOG.error("shard {}: no more than {} routers can follow a shard", context.shard(), MAX_FEEDS);
      untold.put(router, new Bounced(open.epoch(), 0, false));
      return;
    }
    PeerFeed feed = new PeerFeed(router, open, bit);
    feeds.put(router, feed);
    byBit[bit] = feed;
    for (String conversation : open.conversations()) {
      follow(conversation, bit);
    }
    begin(feed);
  }

  /** A router is gone, or begins anew. */
  void close(RouterId router) {
    early.remove(router);
    PeerFeed feed = feeds.remove(router);
    if (feed != null) {
      byBit[feed.bit] = null;
      long others = ~(1L << feed.bit);
      followers.entrySet().removeIf(entry -> {
        entry.setValue(entry.getValue() & others);
        return entry.getValue() == 0;
      });
    }
  }

  /** A router asks. What belongs to an earlier feed of it is not answered: it was asked again, or will be. */
  void ask(RouterId router, ToOwner.Ask ask) {
    PeerFeed feed = feeds.get(router);
    if (feed == null || feed.open.epoch() != ask.epoch()) {
      return;
    }
    // Commands are decided in the order in which they come, from whichever router: one that waited here could be decided
    // after its repetition through another router was refused. Its answer waits until the feed is live.
    if (feed.live || ask.question() instanceof Question.Submit) {
      answer(feed, ask);
    } else {
      feed.held.addLast(ask);
    }
  }

  private void answer(PeerFeed feed, ToOwner.Ask ask) {
    desk.answer(
        ask,
        feed.bit,
        reply -> {
          if (feeds.get(feed.router) == feed) {
            say(feed, new Item.Answered(ask.id(), reply), 64);
          }
        });
  }

  void unfollow(RouterId router, String conversationId) {
    PeerFeed feed = feeds.get(router);
    if (feed != null) {
      followers.computeIfPresent(
          conversationId, (id, bits) -> (bits & ~(1L << feed.bit)) == 0 ? null : bits & ~(1L << feed.bit));
    }
  }

  @Override
  public void follow(String conversationId, int bit) {
    followers.merge(conversationId, 1L << bit, (one, other) -> one | other);
  }

  // ------------------------------------------------------------------ replay

  /** Everything up to here is applied, under this term: feeds may begin, and go on. */
  void settled(long position, Term ownTerm) {
    term = ownTerm;
    settled = true;
    if (position > applied) {
      applied = position;
      appliedTerm = ownTerm;
    }
    Map<RouterId, Long> waiting = new LinkedHashMap<>(early);
    early.clear();
    waiting.forEach((router, epoch) -> mouth.say(router, new Bounced(epoch, 0, true)));
    flushSoon();
  }

  private void begin(PeerFeed feed) {
    long watermark = feed.open.watermark();
    boolean nothingMissed = watermark == 0 || feed.open.conversations().isEmpty();
    if (nothingMissed || watermark > applied || applied - watermark > MAX_REPLAY) {
      anew(feed);
    } else {
      feed.fedTo = watermark;
      replay(feed, true);
    }
  }

  /** The router follows its conversations anew. */
  private void anew(PeerFeed feed) {
    followers.entrySet().removeIf(entry -> {
      entry.setValue(entry.getValue() & ~(1L << feed.bit));
      return entry.getValue() == 0;
    });
    feed.fedTo = applied;
    if (tell(feed, new Opened(feed.open.epoch(), term, applied, true))) {
      live(feed);
    }
  }

  /** Says what lies above the watermark, read from the log; the first reading checks that the log is still the same. */
  private void replay(PeerFeed feed, boolean first) {
    long from = first ? feed.fedTo : feed.fedTo + 1;
    long to = Math.min(applied + 1, from + ShardLog.MAX_READ);
    if (from >= to) {
      live(feed);
      return;
    }
    long[] positions = new long[(int) (to - from)];
    for (int i = 0; i < positions.length; i++) {
      positions[i] = from + i;
    }
    context
        .log()
        .read(positions)
        .whenComplete(Completion.seen((records, failure) -> {
          if (feeds.get(feed.router) != feed) {
            return;
          }
          if (failure != null) {
            context.timer().after(READ_RETRY, () -> replayAgain(feed, first));
          } else {
            replayed(feed, records, first);
          }
        }));
  }

  private void replayAgain(PeerFeed feed, boolean first) {
    if (feeds.get(feed.router) != feed) {
      return;
    }
    if (++feed.failedReads > MAX_FAILED_READS) {
      anew(feed); // trimmed meanwhile, or a broker that does not answer reads
    } else {
      replay(feed, first);
    }
  }

  private void replayed(PeerFeed feed, List<@Nullable StoredRecord> records, boolean first) {
    if (first) {
      StoredRecord atWatermark = records.getFirst();
      if (atWatermark == null) {
        context.timer().after(READ_RETRY, () -> replayAgain(feed, true));
        return;
      }
      if (!Tenure.parse(atWatermark).getTerm().equals(feed.open.term())) {
        anew(feed); // a log that went back
        return;
      }
      if (!tell(feed, new Opened(feed.open.epoch(), term, feed.fedTo, false))) {
        return;
      }
    }
    List<Item> items = new ArrayList<>();
    long from = feed.fedTo;
    Term reached = feed.open.term();
    for (StoredRecord stored : first ? records.subList(1, records.size()) : records) {
      if (stored == null) {
        break; // a stale reader: asked again
      }
      LogRecord record = Tenure.parse(stored);
      feed.fedTo = stored.position();
      reached = record.getTerm();
      if ((followers.getOrDefault(record.getConversationId(), 0L) & (1L << feed.bit)) != 0) {
        items.add(new Item.Record(CommittedRecord.of(stored)));
      }
    }
    boolean said = feed.fedTo == from || tell(feed, new Batch(feed.open.epoch(), reached, from, feed.fedTo, items));
    if (said && records.contains(null)) {
      context.timer().after(READ_RETRY, () -> replayAgain(feed, false));
    } else if (said) {
      replay(feed, false);
    }
  }

  private void live(PeerFeed feed) {
    feed.live = true;
    flushSoon();
    ToOwner.Ask ask;
    while ((ask = feed.held.pollFirst()) != null) {
      answer(feed, ask);
    }
  }

  // ------------------------------------------------------------------ to the routers

  @Override
  public void committed(CommittedRecord record) {
    applied = record.position();
    appliedTerm = record.term();
    long bits = followers.getOrDefault(record.conversationId(), 0L);
    sayTo(bits, bits == 0 ? null : new Item.Record(record), record.size());
    flushSoon();
  }

  @Override
  public void receipt(Receipt receipt, @Nullable String onlyFor) {
    sayTo(followers.getOrDefault(receipt.getConversationId(), 0L), new Item.Read(receipt, onlyFor), 64);
  }

  @Override
  public void typing(String conversationId, String userId) {
    sayTo(followers.getOrDefault(conversationId, 0L), new Item.Typing(conversationId, userId), 64);
  }

  @Override
  public boolean isFollowed(String conversationId) {
    return followers.containsKey(conversationId);
  }

  private void sayTo(long bits, @Nullable Item item, int bytes) {
    for (long left = bits; left != 0 && item != null; left &= left - 1) {
      PeerFeed feed = byBit[Long.numberOfTrailingZeros(left)];
      if (feed != null && feed.live) {
        say(feed, item, bytes);
      }
    }
  }

  private void say(PeerFeed feed, Item item, int bytes) {
    feed.pending.add(item);
    feed.pendingBytes += bytes;
    if (feed.pendingBytes >= BATCH_BYTES) {
      flush(feed);
    } else {
      flushSoon();
    }
  }

  /** What one turn of the shard says goes out together. */
  private void flushSoon() {
    if (!flushing) {
      flushing = true;
      shardThread.execute(() -> {
        flushing = false;
        List.copyOf(feeds.values()).forEach(this::flush);
      });
    }
  }

  private void flush(PeerFeed feed) {
    if (!feed.live || (feed.pending.isEmpty() && feed.fedTo == applied)) {
      return;
    }
    Batch batch = new Batch(feed.open.epoch(), appliedTerm, feed.fedTo, applied, feed.pending);
    feed.pending = new ArrayList<>();
    feed.pendingBytes = 0;
    feed.fedTo = applied;
    tell(feed, batch);
  }

  /** False: the feed is dropped; its router opens a new one. */
  private boolean tell(PeerFeed feed, FromOwner message) {
    if (mouth.say(feed.router, message)) {
      return true;
    }
    LOG.warn("shard {}: the feed to {} is dropped: it is too slow, or gone", context.shard(), feed.router);
    close(feed.router);
    untold.put(feed.router, new Bounced(feed.open.epoch(), 0, false));
    return false;
  }

  /** Tells what could not be told. Called every few hundred milliseconds. */
  void tick() {
    untold.entrySet().removeIf(entry -> mouth.say(entry.getKey(), entry.getValue()));
  }

  /** Ends all feeds: by the view with this number, or for another reason (0), this router is not the owner any more. */
  void bounce(long view) {
    for (PeerFeed feed : List.copyOf(feeds.values())) {
      if (feed.live) {
        flush(feed);
      }
    }
    for (PeerFeed feed : List.copyOf(feeds.values())) {
      close(feed.router);
      mouth.say(feed.router, new Bounced(feed.open.epoch(), view, false));
    }
    early.forEach((router, epoch) -> mouth.say(router, new Bounced(epoch, view, false)));
    early.clear();
  }

  /** Routers that follow. */
  List<String> routers() {
    return feeds.keySet().stream().map(RouterId::name).toList();
  }

  /** How many conversations are followed. */
  int followedConversations() {
    return followers.size();
  }
}
