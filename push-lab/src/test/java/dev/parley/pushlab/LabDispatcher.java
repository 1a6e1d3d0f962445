package dev.parley.pushlab;

import dev.parley.chassis.config.Setting;
import dev.parley.chassis.config.Settings;
import dev.parley.chassis.config.SettingsPrefix;
import dev.parley.chassis.resilience.Hops;
import dev.parley.dispatcher.push.Providers;
import dev.parley.dispatcher.push.Push;
import dev.parley.dispatcher.push.PushProvider.Answer;
import dev.parley.dispatcher.push.PushSettings;
import dev.parley.pushlab.phone.Phone;
import dev.parley.v1.PushTarget;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.hc.client5.http.SystemDefaultDnsResolver;
import org.jspecify.annotations.Nullable;

/** The providers of a dispatcher, with the settings that the lab gives out and short times. */
final class LabDispatcher implements AutoCloseable {
  private static final long WAIT_SECONDS = 20;

  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final Hops hops = Hops.unmetered(InstantSource.system(), new Random(1));
  private final Providers providers;

  /** The settings of a dispatcher, as far as they concern pushes. */
  @SettingsPrefix("parley.dispatcher")
  record PushOnly(
      @Setting(doc = "Push services.")
      PushSettings push) {}

  /** {@code more}: settings besides those of the lab, by their full names. */
  LabDispatcher(Map<String, String> labSettings, Map<String, String> more) throws IOException {
    List<String> args = new ArrayList<>();
    for (String provider : List.of("fcm", "apns", "web")) {
      args.add("--parley.dispatcher.push." + provider + ".hop.breaker.open-for=100ms");
      args.add("--parley.dispatcher.push." + provider + ".hop.breaker.probes=1");
    }
    labSettings.forEach((key, value) -> args.add("--" + key + "=" + value));
    more.forEach((key, value) -> args.add("--" + key + "=" + value));
    PushSettings settings = Settings.load(PushOnly.class, Map.of(), args).push();
    this.providers =
        new Providers(settings, hops, timer, InstantSource.system(), SystemDefaultDnsResolver.INSTANCE);
  }

  CompletableFuture<Answer> begin(Push push) {
    return providers.of(push.target()).send(push).toCompletableFuture();
  }

  /** The answer; throws what the provider failed with. */
  Answer send(Push push) throws Exception {
    try {
      return begin(push).get(WAIT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    } catch (TimeoutException e) {
      throw new AssertionError("no answer and no failure", e);
    }
  }

  static Push alert(Phone phone, String conversation, long seq, String body) {
    return push(phone.target(), conversation, seq, new Push.Alert("Ann", body));
  }

  static Push withdrawal(Phone phone, String conversation, long seq) {
    return push(phone.target(), conversation, seq, null);
  }

  static Push push(PushTarget target, String conversation, long seq, Push.@Nullable Alert alert) {
    return new Push(UUID.randomUUID().toString(), target, conversation, seq, 7, Duration.ofHours(1), alert);
  }

  @Override
  public void close() {
    providers.close();
    hops.close();
    timer.shutdownNow();
  }
}
