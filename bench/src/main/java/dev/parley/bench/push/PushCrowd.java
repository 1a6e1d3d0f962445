package dev.parley.bench.push;

import dev.parley.bench.push.Lab.Phone;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyEndpoint;
import dev.parley.sdk.ParleySession;
import dev.parley.sdk.SessionListener;
import dev.parley.sdk.SessionOptions;
import dev.parley.sdk.TokenSource;
import dev.parley.v1.Conversation;
import dev.parley.v1.ListConversationsRequest;
import dev.parley.v1.ListConversationsResponse;
import dev.parley.v1.PushDevice;
import dev.parley.v1.PushTarget;
import dev.parley.v1.RegisterPushDeviceRequest;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The groups of a run, their members' phones, and the sessions that send. A group is made when all of its phones are
 * there; so groups of earlier runs with as many members, which the sender still has, are used again. Used by one thread.
 */
final class PushCrowd implements AutoCloseable {
  /** What the names of phones begin with: of those whose pushes are looked at, and of the others. */
  static final String PROBES = "push-probe-";

  private static final String OTHERS = "push-bench-";
  private static final String TITLE = "push bench, members: ";
  /** In each hundred two are looked at: an Android phone and an iPhone. */
  private static final int HUNDRED = 100;

  private static final int APNS_PROBE = 51;
  /** A session sends to so many groups. */
  private static final int GROUPS_PER_SENDER = 25;

  private static final int PARALLEL = 32;
  private static final int PAGE = 100;
  private static final long SECONDS = 60;
  private static final int OUTBOX = 10_000;
  private static final int IN_FLIGHT = 16;

  private final PushBenchOptions options;
  private final ParleyEndpoint endpoint;
  private final Function<String, TokenSource> tokens;
  private final Lab lab;
  private final PrintStream progress;
  private final String run = Long.toString(System.currentTimeMillis(), 36);
  /** Everybody's calls that do not stay go through one connection. */
  private final ParleyClient shared;

  private final List<ParleyClient> senders = new ArrayList<>();
  private final List<Group> groups = new ArrayList<>();

  PushCrowd(
      PushBenchOptions options,
      ParleyEndpoint endpoint,
      Function<String, TokenSource> tokens,
      Lab lab,
      PrintStream progress) {
    this.options = options;
    this.endpoint = endpoint;
    this.tokens = tokens;
    this.lab = lab;
    this.progress = progress;
    this.shared = new ParleyClient(endpoint, tokens.apply("push-bench"));
  }

  List<Group> groups() {
    return groups;
  }

  /** Connects the senders, and makes the groups that are not there yet. */
  void gather() throws IOException, InterruptedException {
    for (int first = 0; first < options.groups(); first += GROUPS_PER_SENDER) {
      gather("push-bench-sender-" + first / GROUPS_PER_SENDER, Math.min(GROUPS_PER_SENDER, options.groups() - first));
      progress.println("push: " + groups.size() + " of " + options.groups() + " groups");
    }
  }

  private void gather(String sender, int count) throws IOException, InterruptedException {
    ParleyClient client = new ParleyClient(endpoint, tokens.apply(sender));
    senders.add(client);
    ParleySession session =
        client.connect(
            SessionOptions.forDevice("bench").withClient("parley-bench").withCommands(OUTBOX, IN_FLIGHT),
            new SessionListener() {});
    int full = groups.size() + count;
    for (Conversation known : conversations(client)) {
      String label = label(known);
      if (groups.size() < full && !label.isEmpty() && phones(label).size() == options.members()) {
        groups.add(new Group(known.getConversationId(), label, session));
      }
    }
    while (groups.size() < full) {
      groups.add(newGroup(session));
    }
  }

  private static List<Conversation> conversations(ParleyClient client) {
    List<Conversation> all = new ArrayList<>();
    String page = "";
    do {
      ListConversationsResponse answer =
          client.blocking().listConversations(
              ListConversationsRequest.newBuilder().setPageSize(PAGE).setPageToken(page).build());
      all.addAll(answer.getConversationsList());
      page = answer.getNextPageToken();
    } while (!page.isEmpty());
    return all;
  }

  private String title(String label) {
    return TITLE + options.members() + ", " + label;
  }

  /** The label of a group with as many members; empty: it is another one. */
  private String label(Conversation group) {
    String begin = title("");
    return group.getTitle().startsWith(begin) ? group.getTitle().substring(begin.length()) : "";
  }

  /** The phones of a group's members. */
  List<Phone> phones(String label) throws IOException, InterruptedException {
    List<Phone> phones = new ArrayList<>(lab.phones(PROBES + label + "-"));
    phones.addAll(lab.phones(OTHERS + label + "-"));
    return phones;
  }

  private Group newGroup(ParleySession sender) throws IOException, InterruptedException {
    int group = groups.size();
    String label = run + "-" + group;
    List<String> members = IntStream.range(0, options.members()).mapToObj(member -> label + "-" + member).toList();
    try (ExecutorService threads = Executors.newFixedThreadPool(PARALLEL, Thread.ofVirtual().factory())) {
      CompletionService<String> made = new ExecutorCompletionService<>(threads);
      for (int member = 0; member < members.size(); member++) {
        String user = members.get(member);
        int number = group * options.members() + member;
        var unused = made.submit(() -> newPhone(user, number));
      }
      for (int waitedFor = 0; waitedFor < members.size(); waitedFor++) {
        made.take().get();
      }
      return new Group(sender.createGroup(title(label), members).get(SECONDS, TimeUnit.SECONDS), label, sender);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("the group " + label + " could not be made: " + e, e);
    }
  }

  /** Gives a user a phone; answers its name. */
  private String newPhone(String user, int number) throws IOException, InterruptedException {
    boolean probe = number % HUNDRED == 0 || number % HUNDRED == APNS_PROBE;
    String name = (probe ? PROBES : OTHERS) + user;
    PushTarget target = lab.newPhone(number % 2 == 0 ? "fcm" : "apns", name);
    shared
        .as(tokens.apply(user))
        .push()
        .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
        .registerPushDevice(
            RegisterPushDeviceRequest.newBuilder()
                .setDevice(PushDevice.newBuilder().setDeviceId("phone").setTarget(target))
                .build());
    return name;
  }

  @Override
  public void close() {
    senders.forEach(ParleyClient::close);
    shared.close();
  }
}
