package dev.parley.chassis.server;

import dev.parley.chassis.auth.AuthInterceptor;
import dev.parley.chassis.auth.TokenVerifier;
import dev.parley.chassis.errors.ErrorMappingInterceptor;
import dev.parley.chassis.errors.TypedParsing;
import dev.parley.chassis.errors.Validation;
import dev.parley.chassis.errors.ValidationInterceptor;
import dev.parley.chassis.telemetry.GrpcMetrics;
import dev.parley.chassis.telemetry.Telemetry;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A gRPC server with what every service needs: tokens checked, requests validated, errors typed, health and reflection.
 *
 * <p>Callbacks of a call run on its connection's event loop, without a hop to another thread: services never block.
 * Health says NOT_SERVING until {@link #ready}; health and reflection answer without a token. Lifecycle: build, start,
 * {@link #ready}, {@link #draining}, {@link #close}. Thread-safe.
 */
public final class GrpcServer implements AutoCloseable {
  /** How long {@link #close} waits for calls to end before it cuts them: who has long ones drains them first. */
  private static final Duration CLOSE_GRACE = Duration.ofSeconds(1);

  private static final int BACKLOG = 1024;
  private static final String DRAINING = "draining";

  /**
   * The transport refuses without a reason. So it takes somewhat larger messages, which are then refused with one, and
   * only what is grossly too large ends without.
   */
  private static final int TRANSPORT_LIMIT_FACTOR = 4;

  private final Server server;
  private final EventLoopGroup boss;
  private final EventLoopGroup workers;
  private final HealthStatusManager health;
  private final Credentials credentials;
  private volatile @Nullable String notReady = "starting";

  private GrpcServer(
      Server server, EventLoopGroup boss, EventLoopGroup workers, HealthStatusManager health, Credentials credentials) {
    this.server = server;
    this.boss = boss;
    this.workers = workers;
    this.health = health;
    this.credentials = credentials;
  }

  /** A server that will listen as the settings say. */
  public static Builder builder(ServerSettings settings) {
    return new Builder(settings);
  }

  /** The event loops for a server, so that a service can pin its own work to them before the server exists. */
  public static EventLoopGroup newWorkers(ServerSettings settings) {
    int loops =
        settings.loops() > 0
            ? settings.loops()
            : Math.min(ServerSettings.MAX_LOOPS, Runtime.getRuntime().availableProcessors());
    return Transport.loops("loop", loops);
  }

  /** The event loops that serve the connections. */
  public EventLoopGroup workers() {
    return workers;
  }

  /** The port that is listened on. */
  public int port() {
    return server.getPort();
  }

  /** Health says SERVING from now on: the edge may send streams. */
  public void ready() {
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.SERVING);
    notReady = null;
  }

  /** Why health does not say SERVING, in one word; null: it does. */
  public @Nullable String notReady() {
    return notReady;
  }

  /** Health says NOT_SERVING, now and for good; open calls stay and new ones still come in. */
  public synchronized void draining() {
    if (DRAINING.equals(notReady)) {
      return;
    }
    notReady = DRAINING;
    health.enterTerminalState();
  }

  /** Takes no new calls, lets open ones end for a second, then cuts them and ends the event loops. */
  @Override
  public void close() {
    draining();
    server.shutdown();
    try {
      if (!server.awaitTermination(CLOSE_GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
        server.shutdownNow();
        server.awaitTermination(CLOSE_GRACE.toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
    end(boss);
    end(workers);
    credentials.close();
  }

  private static void end(EventLoopGroup loops) {
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }

  /** Collects services; not thread-safe. */
  public static final class Builder {
    private final ServerSettings settings;
    private final List<BindableService> services = new ArrayList<>();
    private final List<ServerInterceptor> interceptors = new ArrayList<>();
    private @Nullable TokenVerifier verifier;
    private @Nullable Validation validation;
    private @Nullable EventLoopGroup workers;
    private Telemetry telemetry = Telemetry.none();

    private Builder(ServerSettings settings) {
      this.settings = settings;
    }

    /** Who checks tokens. Without it only services whose methods need none could be served; so it is required. */
    public Builder auth(TokenVerifier verifier) {
      this.verifier = verifier;
      return this;
    }

    /** The rules that requests are checked against, shared with who checks frames. */
    public Builder validation(Validation validation) {
      this.validation = validation;
      return this;
    }

    /** Loops made by {@link #newWorkers}; the server ends them when it closes. */
    public Builder workers(EventLoopGroup workers) {
      this.workers = workers;
      return this;
    }

    /** A service whose methods all carry the option {@code authorization}. */
    public Builder service(BindableService service) {
      services.add(service);
      return this;
    }

    /** Where calls are counted, and where it is told when the certificate ends; stays the caller's to close. */
    public Builder telemetry(Telemetry telemetry) {
      this.telemetry = telemetry;
      return this;
    }

    /** An interceptor outside of the standard ones, around the services added here; the first is the outermost. */
    public Builder interceptor(ServerInterceptor interceptor) {
      interceptors.add(interceptor);
      return this;
    }

    /**
     * Starts listening.
     *
     * @throws IOException with one line that names the address, if it cannot be had or the TLS files cannot be read
     */
    public GrpcServer start() throws IOException {
      if (verifier == null) {
        throw new IllegalStateException("a server needs auth(...)");
      }
      InetSocketAddress address = address(settings.listen());
      Credentials credentials = Credentials.of(settings, telemetry.meter());
      EventLoopGroup boss = Transport.loops("accept", 1);
      EventLoopGroup loops = workers == null ? newWorkers(settings) : workers;
      HealthStatusManager health = new HealthStatusManager();
      health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.NOT_SERVING);
      NettyServerBuilder netty =
          NettyServerBuilder.forAddress(address, credentials.grpc())
              .channelType(Transport.serverChannel())
              .bossEventLoopGroup(boss)
              .workerEventLoopGroup(loops)
              .withOption(ChannelOption.SO_BACKLOG, BACKLOG)
              .directExecutor()
              .maxInboundMessageSize(TRANSPORT_LIMIT_FACTOR * settings.messageBytes())
              .maxInboundMetadataSize(settings.headerBytes())
              .maxConcurrentCallsPerConnection(settings.callsPerConnection())
              .maxRstFramesPerWindow(settings.resetsPerWindow(), ServerSettings.RESET_WINDOW_SECONDS)
              .flowControlWindow(settings.flowControlWindow())
              .permitKeepAliveTime(settings.keepAlivePermitted().toMillis(), TimeUnit.MILLISECONDS)
              .permitKeepAliveWithoutCalls(true)
              .addService(health.getHealthService())
              .addService(ProtoReflectionServiceV1.newInstance());
      guarded(verifier).forEach(netty::addService);
      GrpcMetrics.of(telemetry).count(netty);
      try {
        return new GrpcServer(netty.build().start(), boss, loops, health, credentials);
      } catch (IOException e) {
        end(boss);
        end(loops);
        credentials.close();
        throw new IOException(settings.listen() + " cannot be listened on: " + reason(e), e);
      }
    }

    private List<ServerServiceDefinition> guarded(TokenVerifier tokens) {
      List<ServerServiceDefinition> definitions = services.stream().map(BindableService::bindService).toList();
      List<ServerInterceptor> chain = new ArrayList<>(interceptors);
      chain.add(new ErrorMappingInterceptor());
      chain.add(new AuthInterceptor(tokens, definitions));
      chain.add(new ValidationInterceptor(validation == null ? new Validation() : validation));
      // grpc wants the innermost first.
      Collections.reverse(chain);
      return definitions.stream()
          .map(d -> TypedParsing.of(ServerInterceptors.intercept(d, chain), settings.messageBytes()))
          .toList();
    }

    private static String reason(IOException e) {
      return String.valueOf(e.getCause() == null ? e.getMessage() : e.getCause().getMessage());
    }

    private static InetSocketAddress address(String listen) throws IOException {
      int colon = listen.lastIndexOf(':');
      try {
        return new InetSocketAddress(
            listen.substring(0, Math.max(colon, 0)), Integer.parseInt(listen.substring(colon + 1)));
      } catch (IllegalArgumentException e) {
        throw new IOException("listen cannot be '" + listen + "': write address:port, as 127.0.0.1:8700", e);
      }
    }
  }
}
