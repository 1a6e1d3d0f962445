package dev.parley.dispatcher.http;

import java.net.UnknownHostException;

/** A host has an address to which nothing may be sent. The message names the host and never the address. */
public final class AddressRefusedException extends UnknownHostException {
  private static final long serialVersionUID = 1L;

  AddressRefusedException(String host) {
    super(host + " has an address that is not public");
  }
}
