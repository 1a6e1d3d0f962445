package dev.parley.cli.doctor;

import dev.parley.internal.v1.GetStatusRequest;
import dev.parley.internal.v1.GetStatusResponse;
import dev.parley.internal.v1.OwnedShardStatus;
import dev.parley.internal.v1.RouterLinkServiceGrpc;
import dev.parley.internal.v1.RouterStatus;
import dev.parley.internal.v1.ShardStatus;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * What the routers say about themselves, each other and the shards. Immutable.
 *
 * @param answers by the name of the router that gave it
 * @param silent why a router gave none, by its name
 */
public record Cluster(SortedMap<String, GetStatusResponse> answers, SortedMap<String, String> silent) {
  private static final int SECONDS = 5;
  private static final Metadata.Key<String> SECRET =
      Metadata.Key.of("parley-link-secret", Metadata.ASCII_STRING_MARSHALLER);

  /**
   * Asks these routers, and those of which they tell.
   *
   * @param links addresses by name
   * @param secret that the routers share
   */
  public static Cluster ask(Map<String, String> links, String secret) {
    SortedMap<String, GetStatusResponse> answers = new TreeMap<>();
    SortedMap<String, String> silent = new TreeMap<>();
    Deque<Map.Entry<String, String>> open = new ArrayDeque<>(links.entrySet());
    Set<String> asked = new HashSet<>();
    while (!open.isEmpty()) {
      Map.Entry<String, String> router = open.removeFirst();
      if (asked.add(router.getKey())) {
        try {
          GetStatusResponse answer = ask(router.getValue(), secret);
          answers.put(router.getKey(), answer);
          answer.getRoutersList().forEach(each -> open.addLast(Map.entry(each.getRouter(), each.getLinkAddress())));
        } catch (StatusRuntimeException e) {
          silent.put(router.getKey(), router.getValue() + ": " + Finding.why(e));
        }
      }
    }
    return new Cluster(answers, silent);
  }

  private static GetStatusResponse ask(String address, String secret) {
    Metadata headers = new Metadata();
    headers.put(SECRET, secret);
    ManagedChannel channel = Grpc.newChannelBuilder(address, InsecureChannelCredentials.create()).build();
    try {
      return RouterLinkServiceGrpc.newBlockingStub(channel)
          .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
          .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
          .getStatus(GetStatusRequest.getDefaultInstance());
    } finally {
      channel.shutdownNow();
    }
  }

  /** How the routers that call it their own see each shard, by its number and their names; empty: nobody does. */
  Map<Integer, Map<String, OwnedShardStatus>> owners() {
    Map<Integer, Map<String, OwnedShardStatus>> owners = new TreeMap<>();
    answers.forEach((router, answer) -> {
      for (ShardStatus shard : answer.getShardsList()) {
        Map<String, OwnedShardStatus> mine = owners.computeIfAbsent(shard.getShard(), number -> new TreeMap<>());
        if (shard.hasOwned()) {
          mine.put(router, shard.getOwned());
        }
      }
    });
    return owners;
  }

  /** A table for people: a line for each router, then one for each shard. */
  public String table() {
    StringBuilder table = new StringBuilder("router        view      leaving  linked to\n");
    answers.forEach((name, answer) -> table.append(
        "%-12s  %-8d  %-7s  %s\n".formatted(name, answer.getView(), leaves(name) ? "yes" : "no", linked(answer))));
    table.append("\nshard  owner         term           position    log    followers, up to where\n");
    owners().forEach((shard, mine) -> {
      if (mine.isEmpty()) {
        table.append("%5d  nobody\n".formatted(shard));
      }
      mine.forEach((owner, status) -> table.append(
          "%5d  %-12s  %-13d  %-10d  %-5s  %s\n".formatted(
              shard,
              status.getActive() ? owner : owner + " (not yet)",
              status.getTerm().getNumber(),
              status.getPosition(),
              fill(status),
              followers(shard, status))));
    });
    return table.toString();
  }

  /** For JSON. */
  public Map<String, Object> toMap() {
    List<Map<String, Object>> routers = new ArrayList<>();
    answers.forEach((name, answer) -> {
      Map<String, Object> router = new LinkedHashMap<>();
      router.put("router", name);
      router.put("view", answer.getView());
      router.put("draining", leaves(name));
      router.put("linked_to", linkedTo(answer));
      routers.add(router);
    });
    silent.forEach((name, why) -> routers.add(Map.of("router", name, "silent", why)));
    List<Map<String, Object>> shards = new ArrayList<>();
    owners().forEach((shard, mine) -> {
      List<Map<String, Object>> owners = new ArrayList<>();
      mine.forEach((owner, status) -> owners.add(toMap(shard, owner, status)));
      shards.add(Map.of("shard", shard, "owners", owners));
    });
    return Map.of("routers", routers, "shards", shards);
  }

  private Map<String, Object> toMap(int shard, String owner, OwnedShardStatus status) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("router", owner);
    map.put("active", status.getActive());
    map.put("term", status.getTerm().getNumber());
    map.put("position", status.getPosition());
    map.put("log_bytes", status.getLogBytes());
    map.put("log_max_bytes", status.getLogMaxBytes());
    map.put("followed_conversations", status.getFollowedConversations());
    Map<String, Object> followers = new LinkedHashMap<>();
    status.getFollowersList().forEach(each -> followers.put(each, watermark(shard, each)));
    map.put("followers", followers);
    return map;
  }

  /** How full a log is in percent; -1: it has no limit. */
  static int percent(OwnedShardStatus status) {
    return status.getLogMaxBytes() == 0 ? -1 : (int) (status.getLogBytes() * 100 / status.getLogMaxBytes());
  }

  private static String fill(OwnedShardStatus status) {
    int percent = percent(status);
    return percent < 0 ? "-" : percent + " %";
  }

  /** Whether any router says so of it. */
  private boolean leaves(String name) {
    return answers.values().stream()
        .flatMap(answer -> answer.getRoutersList().stream())
        .anyMatch(router -> router.getRouter().equals(name) && router.getDraining());
  }

  private static List<String> linkedTo(GetStatusResponse answer) {
    return answer.getRoutersList().stream()
        .filter(other -> other.getLinked() && !other.getRouter().equals(answer.getRouter()))
        .map(RouterStatus::getRouter)
        .toList();
  }

  private static String linked(GetStatusResponse answer) {
    List<String> others = linkedTo(answer);
    return others.isEmpty() ? "nobody" : String.join(", ", others);
  }

  private String followers(int shard, OwnedShardStatus status) {
    return String.join(
        ", ", status.getFollowersList().stream().map(each -> each + " " + watermark(shard, each)).toList());
  }

  /** Up to where a router was fed; 0: it does not say. */
  private long watermark(int shard, String router) {
    GetStatusResponse answer = answers.getOrDefault(router, GetStatusResponse.getDefaultInstance());
    return answer.getShardsList().stream()
        .filter(each -> each.getShard() == shard)
        .mapToLong(ShardStatus::getWatermark)
        .findFirst()
        .orElse(0);
  }
}
