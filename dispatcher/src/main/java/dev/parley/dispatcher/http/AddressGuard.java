package dev.parley.dispatcher.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hc.client5.http.DnsResolver;

/**
 * Says to which addresses a host that somebody else has named may be connected: to public ones, so that nobody makes us
 * ask our own network. A name of which any address is refused is refused as a whole. A client that resolves by this
 * connects to exactly the addresses that were checked, whatever the name's server answers a moment later.
 *
 * <p>Thread-safe. Resolving blocks as long as the system's resolver takes.
 */
public final class AddressGuard implements DnsResolver {
  /** What IANA's registry of special purpose addresses does not call globally reachable, and multicast. */
  private static final List<Network> REFUSED_IPV4 =
      networks(
          "0.0.0.0/8",
          "10.0.0.0/8",
          "100.64.0.0/10",
          "127.0.0.0/8",
          "169.254.0.0/16",
          "172.16.0.0/12",
          "192.0.0.0/24",
          "192.0.2.0/24",
          "192.88.99.0/24",
          "192.168.0.0/16",
          "198.18.0.0/15",
          "198.51.100.0/24",
          "203.0.113.0/24",
          "224.0.0.0/4",
          "240.0.0.0/4",
          // Answers as the platform itself inside of Azure, whoever asks.
          "168.63.129.16/32");

  /** All of IPv6 that is given out. What lies outside is not refused one by one. */
  private static final Network GLOBAL_IPV6 = Network.parse("2000::/3");

  /** Of that: what is kept for protocols (Teredo, benchmarks, ORCHID), and documentation. */
  private static final List<Network> REFUSED_IPV6 = networks("2001::/23", "2001:db8::/32", "3fff::/20");

  private static final Network SIX_TO_FOUR = Network.parse("2002::/16");
  private static final Network NAT64 = Network.parse("64:ff9b::/96");
  private static final int IPV4_BYTES = 4;

  private final List<Network> allowed;
  private final Names names;

  /** Finds the addresses of a name. */
  interface Names {
    /** At least one. */
    InetAddress[] of(String host) throws UnknownHostException;
  }

  /**
   * A guard with the system's resolver.
   *
   * @param allowedNetworks blocks that are allowed although they are not public, as {@code 127.0.0.0/8}
   * @throws IllegalArgumentException if one of them is no block of addresses
   */
  public AddressGuard(List<String> allowedNetworks) {
    this(allowedNetworks, InetAddress::getAllByName);
  }

  AddressGuard(List<String> allowedNetworks, Names names) {
    this.allowed = allowedNetworks.stream().map(Network::parse).toList();
    this.names = names;
  }

  private static List<Network> networks(String... texts) {
    return Stream.of(texts).map(Network::parse).toList();
  }

  /**
   * The addresses of a host, which may be a name or an address in any notation.
   *
   * @throws AddressRefusedException if one of them is refused
   * @throws UnknownHostException if there is none
   */
  @Override
  public InetAddress[] resolve(String host) throws UnknownHostException {
    if (host.isEmpty()) {
      throw new UnknownHostException("no host"); // the system would say: this machine
    }
    InetAddress[] addresses = names.of(host);
    for (InetAddress address : addresses) {
      if (!isAllowed(address)) {
        throw new AddressRefusedException(host);
      }
    }
    return addresses;
  }

  /** The host itself: whoever asks is not told another name. */
  @Override
  public String resolveCanonicalHostname(String host) {
    return host;
  }

  /** Whether something may be sent to this address. */
  public boolean isAllowed(InetAddress address) {
    byte[] bytes = address.getAddress();
    return isIn(allowed, bytes) || (bytes.length == IPV4_BYTES ? isPublicIpv4(bytes) : isPublicIpv6(bytes));
  }

  private static boolean isPublicIpv4(byte[] bytes) {
    return !isIn(REFUSED_IPV4, bytes);
  }

  private static boolean isPublicIpv6(byte[] bytes) {
    if (SIX_TO_FOUR.contains(bytes)) {
      return isPublicIpv4(Arrays.copyOfRange(bytes, 2, 6));
    }
    if (NAT64.contains(bytes)) {
      return isPublicIpv4(Arrays.copyOfRange(bytes, 12, 16));
    }
    return GLOBAL_IPV6.contains(bytes) && !isIn(REFUSED_IPV6, bytes);
  }

  private static boolean isIn(List<Network> networks, byte[] bytes) {
    return networks.stream().anyMatch(network -> network.contains(bytes));
  }
}
