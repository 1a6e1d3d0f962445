package dev.parley.dispatcher.push;

import dev.parley.chassis.resilience.Hop;
import dev.parley.chassis.resilience.HopSettings;
import dev.parley.chassis.resilience.Hops;
import dev.parley.dispatcher.push.apns.ApnsProvider;
import dev.parley.dispatcher.push.fcm.FcmProvider;
import dev.parley.dispatcher.push.web.WebPushProvider;
import dev.parley.v1.PushTarget;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import org.apache.hc.client5.http.DnsResolver;

/** The push services, each behind its own hop: {@code dispatcher-fcm}, {@code -apns}, {@code -web-push}. Thread-safe. */
public final class Providers implements AutoCloseable {
  private final Hops hops;
  private final ScheduledExecutorService timer;
  private final Deque<Runnable> closing = new ArrayDeque<>();
  private final Map<String, Hop> byName = new HashMap<>();
  private final PushProvider fcm;
  private final PushProvider apns;
  private final PushProvider webPush;

  /** Makes one provider behind its hop. */
  private interface Opening {
    PushProvider open(Hop hop) throws IOException;
  }

  /**
   * The providers that have credentials.
   *
   * @param timer ends calls that take too long; stays the caller's to end
   * @param resolver resolves the addresses of browsers' push services, which users name
   * @throws IOException with one line that names the file, if credentials cannot be read
   */
  public Providers(
      PushSettings settings, Hops hops, ScheduledExecutorService timer, InstantSource clock, DnsResolver resolver)
      throws IOException {
    this.hops = hops;
    this.timer = timer;
    try {
      this.fcm =
          open(
              "fcm",
              settings.fcm().isConfigured(),
              settings.fcm().hop(),
              hop -> new FcmProvider(settings.fcm(), hop, clock));
      this.apns =
          open(
              "apns",
              settings.apns().isConfigured(),
              settings.apns().hop(),
              hop -> new ApnsProvider(settings.apns(), hop, clock));
      this.webPush =
          open(
              "web_push",
              settings.web().isConfigured(),
              settings.web().hop(),
              hop -> new WebPushProvider(settings.web(), hop, clock, resolver));
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private PushProvider open(String name, boolean configured, HopSettings settings, Opening opening) throws IOException {
    if (!configured) {
      return new NotConfigured(name);
    }
    Hop hop = hops.hop("dispatcher-" + name.replace('_', '-'), settings, timer);
    closing.push(hop::close);
    byName.put(name, hop);
    PushProvider provider = opening.open(hop);
    closing.push(provider::close);
    return provider;
  }

  /** Tells, on any thread, the name of a provider that answers again after its breaker was open. */
  public void onAvailable(Consumer<String> listener) {
    byName.forEach(
        (name, hop) ->
            hop.onState(
                state -> {
                  if (state == Hop.State.CLOSED) {
                    listener.accept(name);
                  }
                }));
  }

  /**
   * The provider of this target.
   *
   * @throws IllegalArgumentException if the target names none
   */
  public PushProvider of(PushTarget target) {
    return switch (target.getTargetCase()) {
      case FCM -> fcm;
      case APNS -> apns;
      case WEB_PUSH -> webPush;
      case TARGET_NOT_SET -> throw new IllegalArgumentException("a target without a provider");
    };
  }

  /** Ends all connections; what is under way fails. */
  @Override
  public void close() {
    while (!closing.isEmpty()) {
      closing.pop().run();
    }
  }
}
