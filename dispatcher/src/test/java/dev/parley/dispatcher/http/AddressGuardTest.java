package dev.parley.dispatcher.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressGuardTest {
  private static final AddressGuard STRICT = new AddressGuard(List.of());

  private static InetAddress[] addresses(String... literals) {
    return Stream.of(literals).map(InetAddress::ofLiteral).toArray(InetAddress[]::new);
  }

  /** A guard whose names are these. */
  private static AddressGuard guard(Map<String, InetAddress[]> names) {
    return new AddressGuard(
        List.of(),
        host -> {
          InetAddress[] found = names.get(host);
          if (found == null) {
            throw new UnknownHostException(host);
          }
          return found;
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1",
        "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1",
        "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9",
        "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16", "100.100.100.200",
        "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::1",
        "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::1", "2002:a9fe:a9fe::1", "2002:c0a8:1::",
        "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "febf::1", "fec0::1", "ff02::1", "4000::1"
      })
  void anAddressThatIsNotPublicIsRefused(String literal) {
    assertThat(STRICT.isAllowed(InetAddress.ofLiteral(literal))).isFalse();
    assertThatThrownBy(() -> STRICT.resolve(literal)).isInstanceOf(AddressRefusedException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0",
        "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.17",
        "2606:4700:4700::1111", "2a00:1450::1", "2001:200::1", "2001:4860:4860::8888", "2002:808:808::1",
        "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"
      })
  void aPublicAddressIsAllowed(String literal) throws UnknownHostException {
    assertThat(STRICT.resolve(literal)).containsExactly(InetAddress.ofLiteral(literal));
  }

  @ParameterizedTest
  @ValueSource(strings = {"2130706433", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0", "10.1"})
  void anAddressIsRefusedInWhateverNotationItIsWritten(String host) {
    assertThatThrownBy(() -> STRICT.resolve(host)).isInstanceOf(AddressRefusedException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0x7f.0.0.1", "0x7f000001", "[::1"})
  void aNotationThatSomeReadAsAnAddressIsNoWayAround(String host) {
    assertThatThrownBy(() -> STRICT.resolve(host)).isInstanceOf(UnknownHostException.class);
  }

  @Test
  void whatIsCheckedIsWhatIsConnectedAlsoWhereNotationsAreReadInDifferentWays() throws UnknownHostException {
    assertThat(STRICT.resolve("0177.0.0.1")).containsExactly(addresses("177.0.0.1"));
  }

  @Test
  void aNameIsRefusedIfAnyOfItsAddressesIs() {
    AddressGuard guard = guard(Map.of("mixed", addresses("8.8.8.8", "10.0.0.1")));
    assertThatThrownBy(() -> guard.resolve("mixed"))
        .isInstanceOf(AddressRefusedException.class)
        .hasMessage("mixed has an address that is not public");
  }

  @Test
  void aNameOfPublicAddressesGivesAllOfThem() throws UnknownHostException {
    AddressGuard guard = guard(Map.of("public", addresses("8.8.8.8", "2606:4700:4700::1111")));
    assertThat(guard.resolve("public")).containsExactly(addresses("8.8.8.8", "2606:4700:4700::1111"));
    assertThat(guard.resolveCanonicalHostname("public")).isEqualTo("public");
  }

  @Test
  void networksThatAreNamedAreAllowedAndNoMoreThanThese() {
    AddressGuard guard = new AddressGuard(List.of("127.0.0.0/8", "10.1.0.0/20", "fd00::/16", "192.168.0.7"));
    assertThat(List.of("127.0.0.1", "127.9.9.9", "10.1.15.255", "fd00::1", "192.168.0.7", "::ffff:127.0.0.1"))
        .allMatch(literal -> guard.isAllowed(InetAddress.ofLiteral(literal)));
    assertThat(List.of("10.1.16.0", "10.0.255.255", "fd01::1", "192.168.0.8", "::1", "169.254.169.254"))
        .noneMatch(literal -> guard.isAllowed(InetAddress.ofLiteral(literal)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.0/33", "10.0.0.0/-1", "::/129", "ten/8", "10.0.0.0/x", "localhost", "/8"})
  void whatIsNoNetworkIsRefusedAsASetting(String text) {
    assertThatThrownBy(() -> new AddressGuard(List.of(text))).isInstanceOf(IllegalArgumentException.class);
  }
}
