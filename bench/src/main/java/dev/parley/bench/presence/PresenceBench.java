package dev.parley.bench.presence;

import dev.parley.bench.Numbers;
import dev.parley.bench.OpenLoop;
import dev.parley.bench.ProcessMeter;
import dev.parley.internal.v1.ToPresence;
import dev.parley.internal.v1.Told;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * What presence costs, and how late it tells: many changes a second, a router that dies with all its users, and many
 * watchers who come at once. Delays count from the scheduled time to when the router of a watcher was told.
 */
public final class PresenceBench {
  private static final int WATCHED = 1_000;
  private static final int ROUTERS = 4;
  private static final int WATCHERS_PER_SECOND = 1_000;
  private static final int CONTACTS = 50;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  /** Growth from a tenth of the watchers to all of them may cost so much more each: noise of a small machine. */
  private static final double LINEAR = 1.5;

  private final String address;
  private final String secret;
  private final Map<String, Long> pids;
  private final PrintStream progress;
  private final Random random = new Random(1);
  private int fewer;
  private double costOfFewer;

  /**
   * A bench of the instance at this address.
   *
   * @param secret what its links show
   * @param pids the processes of the deployment by name
   */
  public PresenceBench(String address, String secret, Map<String, Long> pids, PrintStream progress) {
    this.address = address;
    this.secret = secret;
    this.pids = pids;
    this.progress = progress;
  }

  /** One measurement. {@code complete}: everything was told that had to be. */
  public record Result(String name, String figures, boolean complete) {
    /** As an object of JSON. */
    public String json() {
      return "{\"bench\": \"presence " + name + "\", \"complete\": " + complete + ", " + figures + "}";
    }
  }

  private SimulatedRouter router(String name, List<String> users, java.util.function.Consumer<Told> told)
      throws InterruptedException {
    return new SimulatedRouter(address, secret, "bench-" + name, users, told);
  }

  private static List<String> users(String prefix, int count) {
    return IntStream.range(0, count).mapToObj(number -> prefix + number).toList();
  }

  /** So many changes a second over 10,000 users, in frames of 1,000, of which 1,000 users are watched. */
  public Result changes(int rate, Duration warmup, Duration duration) throws InterruptedException {
    List<String> users = users("changes-", 10_000);
    int frames = (int) ((warmup.toMillis() + duration.toMillis()) * rate / 1_000 / SimulatedRouter.PER_FRAME);
    AtomicLongArray due = new AtomicLongArray(frames + 1);
    Histogram delays = new ConcurrentHistogram(3);
    long[] measuredFrom = {Long.MAX_VALUE};
    try (SimulatedRouter there = router("changes", users, told -> {});
        SimulatedRouter watcher = router("watcher", List.of(), told -> {
          if (told.getUser().getDevicesCount() == 1) {
            String device = told.getUser().getDevices(0).getDeviceId();
            if (!device.equals("phone")) {
              long at = due.get(Integer.parseInt(device));
              if (at >= measuredFrom[0]) {
                delays.recordValue(Math.max(0, (System.nanoTime() - at) / 1_000));
              }
            }
          }
        })) {
      watcher.watch(users.subList(0, WATCHED));
      long start = System.nanoTime() + 1_000_000;
      progress.println("presence: warming up with " + rate + " changes a second");
      send(there, users, start, rate, warmup, 0, due);
      measuredFrom[0] = System.nanoTime();
      ProcessMeter meter = new ProcessMeter(pids);
      meter.start();
      progress.println("presence: measuring");
      int sent = send(there, users, System.nanoTime(), rate, duration, frames, due);
      TimeUnit.SECONDS.sleep(1);
      double seconds = (System.nanoTime() - measuredFrom[0]) / 1e9 - 1;
      long changes = (long) sent * SimulatedRouter.PER_FRAME;
      return new Result(
          "changes",
          "\"changes_per_second\": " + Numbers.number(changes / seconds)
              + ", \"delay_ms\": " + Numbers.percentiles(delays)
              + ", \"cpu_us_per_change\": " + Numbers.numbers(meter.cpuMicrosPer(changes))
              + ", \"memory_mb\": " + Numbers.numbers(meter.rssMegabytes()),
          delays.getTotalCount() > 0 && changes / seconds > rate * 0.95);
    }
  }

  private static int send(
      SimulatedRouter there, List<String> users, long start, int rate, Duration time, int last, AtomicLongArray due) {
    int perSecond = rate / SimulatedRouter.PER_FRAME;
    int[] sent = {0};
    OpenLoop.run(start, perSecond, time, () -> false, (scheduled, number) -> {
      int frame = Math.min(due.length() - 1, (last > 0 ? last / 2 : 0) + number);
      due.set(frame, scheduled);
      ToPresence.Builder changes = ToPresence.newBuilder();
      int first = number * SimulatedRouter.PER_FRAME % users.size();
      for (int i = 0; i < SimulatedRouter.PER_FRAME; i++) {
        changes.addEntries(SimulatedRouter.entry(users.get((first + i) % users.size()), Integer.toString(frame)));
      }
      there.say(changes.build());
      sent[0]++;
    });
    return sent[0];
  }

  /** A router with so many users dies, all of whom are watched. */
  public Result death(int count) throws InterruptedException {
    List<String> users = users("death-", count);
    CountDownLatch online = new CountDownLatch(count);
    CountDownLatch offline = new CountDownLatch(count);
    Histogram delays = new ConcurrentHistogram(3);
    long[] cutAt = {Long.MAX_VALUE};
    Set<String> seen = ConcurrentHashMap.newKeySet();
    SimulatedRouter dying = router("dying", users, told -> {});
    try (SimulatedRouter watcher = router("watcher", List.of(), told -> {
      if (told.getUser().getDevicesCount() > 0) {
        if (seen.add(told.getSubject().getUserId())) {
          online.countDown();
        }
      } else if (told.hasUser() && seen.remove(told.getSubject().getUserId())) {
        delays.recordValue(Math.max(0, (System.nanoTime() - cutAt[0]) / 1_000));
        offline.countDown();
      }
    })) {
      watcher.watch(users);
      boolean allOnline = online.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      ProcessMeter meter = new ProcessMeter(pids);
      meter.start();
      progress.println("presence: a router with " + count + " users dies");
      cutAt[0] = System.nanoTime();
      dying.close();
      boolean allOffline = offline.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      return new Result(
          "death",
          "\"users\": " + count
              + ", \"offline_after_ms\": " + Numbers.percentiles(delays)
              + ", \"cpu_us_per_user\": " + Numbers.numbers(meter.cpuMicrosPer(count))
              + ", \"memory_mb\": " + Numbers.numbers(meter.rssMegabytes()),
          allOnline && allOffline);
    }
  }

  /**
   * So many watchers with 50 contacts each come at 1,000 a second, over four routers, each of which asks for a user once.
   * The contacts are chosen among as many users as there are watchers.
   */
  public Result watchers(int count) throws InterruptedException {
    List<String> users = users("contacts-" + count + "-", count);
    Map<String, Long> asked = new ConcurrentHashMap<>();
    Histogram delays = new ConcurrentHistogram(3);
    List<SimulatedRouter> routers = new ArrayList<>();
    List<Set<String>> watched = new ArrayList<>();
    try (SimulatedRouter there = router("contacts", users, told -> {})) {
      for (int i = 0; i < ROUTERS; i++) {
        String name = "watchers-" + i;
        watched.add(new HashSet<>());
        routers.add(router(name, List.of(), told -> {
          Long at = asked.remove(name + told.getSubject().getUserId());
          if (at != null && told.hasUser()) {
            delays.recordValue(Math.max(0, (System.nanoTime() - at) / 1_000));
          }
        }));
      }
      ProcessMeter meter = new ProcessMeter(pids);
      meter.start();
      progress.println("presence: " + count + " watchers come");
      OpenLoop.run(
          System.nanoTime(), WATCHERS_PER_SECOND, Duration.ofMillis(count), () -> false, (scheduled, number) -> {
            int at = number % ROUTERS;
            List<String> contacts = new ArrayList<>(CONTACTS);
            for (int i = 0; i < CONTACTS; i++) {
              String user = users.get(random.nextInt(users.size()));
              if (watched.get(at).add(user)) {
                asked.put("watchers-" + at + user, scheduled);
                contacts.add(user);
              }
            }
            routers.get(at).watch(contacts);
          });
      long until = System.nanoTime() + PATIENCE.toNanos();
      while (!asked.isEmpty() && System.nanoTime() < until) {
        TimeUnit.MILLISECONDS.sleep(1);
      }
      Map<String, Double> cpu = meter.cpuMicrosPer(count);
      return new Result(
          "watchers",
          "\"watchers\": " + count
              + ", \"delay_ms\": " + Numbers.percentiles(delays)
              + ", \"cpu_us_per_watcher\": " + Numbers.numbers(cpu)
              + ", \"memory_mb\": " + Numbers.numbers(meter.rssMegabytes()),
          asked.isEmpty() && isLinear(count, cpu));
    } finally {
      routers.forEach(SimulatedRouter::close);
    }
  }

  /** Each watcher costs presence and its store about what it cost in the run before, if that was a smaller one. */
  private boolean isLinear(int count, Map<String, Double> cpu) {
    double cost =
        cpu.entrySet().stream()
            .filter(each -> each.getKey().startsWith("presence") || each.getKey().startsWith("valkey"))
            .mapToDouble(Map.Entry::getValue)
            .sum();
    boolean linear = fewer == 0 || fewer >= count || cost <= costOfFewer * LINEAR;
    fewer = count;
    costOfFewer = cost;
    return linear;
  }
}
