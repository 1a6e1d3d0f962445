package dev.parley.pushlab;

import com.nimbusds.jose.JOSEException;
import dev.parley.pushlab.http.Endpoint;
import dev.parley.pushlab.http.Fault;
import dev.parley.pushlab.http.Http2Server;
import dev.parley.pushlab.phone.Kind;
import dev.parley.pushlab.phone.Phone;
import dev.parley.pushlab.phone.Phones;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Servers on loopback that speak the protocols of FCM, APNs and Web Push, phones behind them, and a page that shows the
 * phones. Listens when the constructor returns. Thread-safe.
 */
public final class PushLabServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PushLabServer.class);
  private static final String HOST = "127.0.0.1";
  private static final long CLOSING_SECONDS = 2;

  private final LabKeys keys;
  private final Phones phones;
  private final FcmEndpoint fcm;
  private final Map<Kind, Http2Server> servers = new EnumMap<>(Kind.class);
  private final AdminServer admin;
  private final Map<String, String> dispatcherSettings = new TreeMap<>();
  private final Deque<AutoCloseable> closing = new ArrayDeque<>();

  /**
   * Starts all servers.
   *
   * @throws IOException with one line, if a port is taken or the directory cannot be used
   */
  public PushLabServer(PushLabSettings settings, InstantSource clock) throws IOException {
    this.keys = LabKeys.in(settings.directory());
    boolean started = false;
    try {
      EventLoopGroup loops = new MultiThreadIoEventLoopGroup(settings.threads(), NioIoHandler.newFactory());
      closing.push(
          () -> {
            if (!loops.shutdownGracefully(0, CLOSING_SECONDS, TimeUnit.SECONDS).await(2 * CLOSING_SECONDS, TimeUnit.SECONDS)) {
              LOG.warn("the threads of the connections did not end in time");
            }
          });
      SslContext tls = tls();
      // The endpoints of browsers name the port, which is known once it is listened on.
      LateEndpoint web = new LateEndpoint();
      Http2Server webServer = serve(Kind.WEB_PUSH, settings.webPort(), tls, loops, web);
      String origin = "https://" + HOST + ":" + webServer.port();
      this.phones =
          new Phones(
              settings.directory().resolve("phones.jsonl"), origin + WebPushEndpoint.PATH, settings.pushesPerPhone());
      WebPushEndpoint webPush = new WebPushEndpoint(keys, phones, clock);
      webPush.origin(origin);
      web.become(webPush);
      this.fcm = new FcmEndpoint(keys, phones, clock);
      String google = "https://" + HOST + ":" + serve(Kind.FCM, settings.fcmPort(), tls, loops, fcm).port();
      fcm.tokenUri(google + FcmEndpoint.TOKEN_PATH);
      int apple = serve(Kind.APNS, settings.apnsPort(), tls, loops, new ApnsEndpoint(keys, phones, clock)).port();
      writeSettings(google, HOST + ":" + apple);
      this.admin = new AdminServer(settings.adminPort(), this);
      closing.push(admin);
      started = true;
    } catch (JOSEException e) {
      throw new IOException("the keys in " + settings.directory() + " cannot be used", e);
    } finally {
      if (!started) {
        close();
      }
    }
    LOG.info("phones at {}, keys in {}", address(), settings.directory());
  }

  private Http2Server serve(Kind kind, int port, SslContext tls, EventLoopGroup loops, Endpoint endpoint)
      throws IOException {
    Http2Server server = new Http2Server(port, tls, loops, endpoint);
    closing.push(server);
    servers.put(kind, server);
    return server;
  }

  private SslContext tls() throws IOException {
    return SslContextBuilder.forServer(
            keys.certificates().certificate().toFile(), keys.certificates().key().toFile())
        .applicationProtocolConfig(
            new ApplicationProtocolConfig(
                Protocol.ALPN,
                SelectorFailureBehavior.NO_ADVERTISE,
                SelectedListenerFailureBehavior.ACCEPT,
                ApplicationProtocolNames.HTTP_2))
        .build();
  }

  /** What the dispatcher has to be told, as settings and as a file that it can be started with. */
  private void writeSettings(String google, String apple) throws IOException {
    String ca = absolute(keys.certificates().authority());
    String prefix = "parley.dispatcher.push.";
    dispatcherSettings.put(
        prefix + "fcm.service-account", absolute(keys.serviceAccount(google + FcmEndpoint.TOKEN_PATH)));
    dispatcherSettings.put(prefix + "fcm.base", google);
    dispatcherSettings.put(prefix + "fcm.trusted-ca", ca);
    dispatcherSettings.put(prefix + "apns.key", absolute(keys.appleKeyFile()));
    dispatcherSettings.put(prefix + "apns.key-id", keys.appleKeyId());
    dispatcherSettings.put(prefix + "apns.team-id", LabKeys.TEAM_ID);
    dispatcherSettings.put(prefix + "apns.topic", LabKeys.TOPIC);
    dispatcherSettings.put(prefix + "apns.server", apple);
    dispatcherSettings.put(prefix + "apns.trusted-ca", ca);
    dispatcherSettings.put(prefix + "web.key", absolute(keys.vapidFile()));
    dispatcherSettings.put(prefix + "web.contact", "mailto:lab@parley.invalid");
    dispatcherSettings.put(prefix + "web.services", HOST);
    dispatcherSettings.put(prefix + "web.trusted-ca", ca);
    Properties properties = new Properties();
    properties.putAll(dispatcherSettings);
    StringWriter text = new StringWriter();
    properties.store(text, "The push lab, for the dispatcher: --config=FILE");
    LabKeys.write(keys.directory().resolve("dispatcher.properties"), text.toString());
  }

  private static String absolute(Path file) {
    return file.toAbsolutePath().normalize().toString();
  }

  /** Where its page is: {@code http://127.0.0.1:8730}. */
  public String address() {
    return "http://" + HOST + ":" + admin.port();
  }

  /** The settings of a dispatcher that sends to this lab, by their full names. */
  public Map<String, String> dispatcherSettings() {
    return Map.copyOf(dispatcherSettings);
  }

  /** All phones. */
  public Phones phones() {
    return phones;
  }

  /** A new Android phone. */
  public Phone newFcmPhone(String name) throws IOException {
    return phones.create(Kind.FCM, name);
  }

  /** A new iPhone. */
  public Phone newApnsPhone(String name) throws IOException {
    return phones.create(Kind.APNS, name);
  }

  /** A new browser with a subscription. */
  public Phone newBrowser(String name) throws IOException {
    return phones.create(Kind.WEB_PUSH, name);
  }

  /**
   * Lets a service fail from now on.
   *
   * @param fault null: it works again
   */
  public void fail(Kind kind, @Nullable Fault fault) throws IOException {
    Objects.requireNonNull(servers.get(kind)).fail(fault);
  }

  /** Whether a service fails, or has faults left for requests to come. */
  public boolean isFailing(Kind kind) {
    return Objects.requireNonNull(servers.get(kind)).isFailing();
  }

  /** Ends all access tokens of FCM: the next message is refused with 401. */
  public void revokeAccessTokens() {
    fcm.revokeAccessTokens();
  }

  /** Ends all servers. Phones stay in their file. */
  @Override
  public void close() {
    List<AutoCloseable> all = new ArrayList<>(closing);
    closing.clear();
    for (AutoCloseable one : all) {
      try {
        one.close();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (Exception e) {
        LOG.warn("a server of the push lab did not end", e);
      }
    }
  }
}
