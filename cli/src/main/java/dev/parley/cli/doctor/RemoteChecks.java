package dev.parley.cli.doctor;

import dev.parley.sdk.MemoryCursorStore;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyException;
import dev.parley.sdk.ParleySession;
import dev.parley.sdk.SessionListener;
import dev.parley.sdk.SessionOptions;
import dev.parley.sdk.TokenSource;
import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import dev.parley.v1.GetStatsRequest;
import dev.parley.v1.GetStatsResponse;
import io.grpc.ChannelCredentials;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Whether an installation that runs elsewhere does its work, seen as its clients see it, through its edge: two users talk,
 * and one of them misses something and gets exactly that; and, for an operator, what the routers say of themselves.
 */
public final class RemoteChecks {
  private static final int SECONDS = 20;
  private static final int MISSED = 3;
  private static final int TRIES = 4;
  private static final Duration PAUSE = Duration.ofMillis(500);

  private final String address;
  private final @Nullable Path caFile;
  private final String token;
  private final String otherToken;
  private final @Nullable String operatorToken;

  /**
   * Of this edge.
   *
   * @param address host:port
   * @param caFile what to trust; null: what the JDK trusts
   * @param token of a user
   * @param otherToken of another one
   * @param operatorToken of an operator; null: what only operators may see is not looked at
   */
  public RemoteChecks(
      String address, @Nullable Path caFile, String token, String otherToken, @Nullable String operatorToken) {
    this.address = address;
    this.caFile = caFile;
    this.token = token;
    this.otherToken = otherToken;
    this.operatorToken = operatorToken;
  }

  /** All of them, from the outside in. */
  public List<Finding> run() throws IOException, InterruptedException {
    List<Finding> findings = new ArrayList<>();
    findings.add(ShownCertificate.look(address, Instant.now()));
    TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder();
    if (caFile != null) {
      tls.trustManager(caFile.toFile());
    }
    ChannelCredentials credentials = tls.build();
    Probes.withChannel(
        address,
        credentials,
        channel -> {
          findings.add(Probes.health("edge-tls", channel, "look at the edge's certificate, its log, and whether a router is ready"));
          findings.add(Probes.refusal(channel));
          findings.add(Probes.roundTrip(channel, token));
        });
    if (findings.stream().allMatch(Finding::good)) {
      findings.addAll(talk());
      findings.addAll(cluster());
    }
    return findings;
  }

  /** What the routers say when nothing is wrong, or when it stays so: a shard that moves just now is no finding. */
  private List<Finding> cluster() throws IOException, InterruptedException {
    String token = operatorToken;
    if (token == null) {
      return List.of(
          Finding.skipped(
              "routers",
              "who owns which shard, versions, durability and clocks are told to operators alone",
              "name an operator's token with --operator-token or in PARLEY_OPERATOR_TOKEN"));
    }
    try (ParleyClient client = ParleyClient.tls(address, caFile, TokenSource.fixed(token))) {
      List<Finding> findings = stats(client);
      for (int more = TRIES; more > 0 && !findings.stream().allMatch(Finding::good); more--) {
        Thread.sleep(PAUSE);
        findings = stats(client);
      }
      return findings;
    } catch (StatusRuntimeException e) {
      return List.of(
          Finding.bad("routers", Finding.why(e), "is the operator's token valid, and does it say that it is one?"));
    }
  }

  private static List<Finding> stats(ParleyClient client) {
    Instant asked = Instant.now();
    GetStatsResponse stats =
        client
            .admin()
            .withDeadlineAfter(Probes.SECONDS, TimeUnit.SECONDS)
            .getStats(GetStatsRequest.getDefaultInstance());
    return new StatsChecks(stats, asked, Instant.now()).run();
  }

  private List<Finding> talk() {
    List<Finding> findings = new ArrayList<>();
    try (ParleyClient client = ParleyClient.tls(address, caFile, TokenSource.fixed(token));
        ParleyClient other = ParleyClient.tls(address, caFile, TokenSource.fixed(otherToken))) {
      Ear ear = new Ear();
      MemoryCursorStore cursors = new MemoryCursorStore();
      SessionOptions device = device().withCursors(cursors);
      ParleySession writer = client.connect(device(), new SessionListener() {});
      ParleySession reader = other.connect(device, ear);
      get(ear.caughtUp);
      String id = get(writer.createDirect(reader.userId()));
      long start = System.nanoTime();
      String text = say(writer, id);
      ear.await(id, text);
      findings.add(
          Finding.good("conversation", "a message was delivered in " + (System.nanoTime() - start) / 1_000_000 + " ms"));
      reader.close();
      List<String> missed = new ArrayList<>();
      for (int i = 0; i < MISSED; i++) {
        missed.add(say(writer, id));
      }
      Ear again = new Ear();
      ParleySession back = other.connect(device, again);
      get(again.caughtUp);
      missed.add(say(writer, id));
      List<String> heard = new ArrayList<>();
      for (int i = 0; i <= MISSED; i++) {
        heard.add(again.next(id));
      }
      findings.add(
          heard.equals(missed)
              ? Finding.good("resume", "what was missed came, all of it, once, in order, and then what was new")
              : Finding.bad("resume", "missed were " + missed + ", but there came " + heard, "report this"));
      back.close();
      writer.close();
    } catch (ParleyException | CompletionException | ExecutionException e) {
      findings.add(Finding.bad("conversation", String.valueOf(ParleyException.of(e).getMessage()), "read the logs of the routers"));
    } catch (TimeoutException e) {
      findings.add(
          Finding.bad(
              findings.isEmpty() ? "conversation" : "resume",
              "nothing came within " + SECONDS + " s",
              "read the logs of the routers and of the broker"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      findings.add(Finding.bad("conversation", "was interrupted", "try again"));
    }
    return findings;
  }

  private static SessionOptions device() {
    return SessionOptions.forDevice("doctor-" + UUID.randomUUID()).withClient("parley-doctor");
  }

  private static String say(ParleySession writer, String id)
      throws ExecutionException, InterruptedException, TimeoutException {
    String text = "parley doctor " + UUID.randomUUID();
    get(writer.sendText(id, text));
    return text;
  }

  private static <T> T get(CompletableFuture<T> future)
      throws ExecutionException, InterruptedException, TimeoutException {
    return future.get(SECONDS, TimeUnit.SECONDS);
  }

  /** What a session hears. */
  private static final class Ear implements SessionListener {
    private final CompletableFuture<Boolean> caughtUp = new CompletableFuture<>();
    private final BlockingQueue<Heard> texts = new LinkedBlockingQueue<>();

    private record Heard(String conversationId, String text) {}

    @Override
    public void onCaughtUp() {
      caughtUp.complete(true);
    }

    @Override
    public void onEvent(String conversationId, Event event, Cursor cursor) {
      if (event.hasMessage()) {
        texts.add(new Heard(conversationId, event.getMessage().getText()));
      }
    }

    /** The next message of this conversation. */
    String next(String conversationId) throws InterruptedException, TimeoutException {
      while (true) {
        Heard heard = texts.poll(SECONDS, TimeUnit.SECONDS);
        if (heard == null) {
          throw new TimeoutException();
        }
        if (heard.conversationId().equals(conversationId)) {
          return heard.text();
        }
      }
    }

    /** Waits for this message. */
    void await(String conversationId, String text) throws InterruptedException, TimeoutException {
      while (!next(conversationId).equals(text)) {
        // What others have said before.
      }
    }
  }
}
