package dev.parley.gateway;

import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** Passes messages on as the bytes that they are: the gateway does not need to understand them. */
enum Bytes implements MethodDescriptor.Marshaller<byte[]> {
  /** The only one. */
  MARSHALLER;

  /** A method whose messages are bytes. */
  static MethodDescriptor<byte[], byte[]> method(MethodDescriptor.MethodType type, String service, String method) {
    return MethodDescriptor.newBuilder(MARSHALLER, MARSHALLER)
        .setType(type)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(service, method))
        .build();
  }

  @Override
  public InputStream stream(byte[] message) {
    return new ByteArrayInputStream(message);
  }

  @Override
  public byte[] parse(InputStream stream) {
    try {
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
