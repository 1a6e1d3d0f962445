package dev.parley.router.api;

import dev.parley.router.session.EncodedFrame;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Hands encoded frames to gRPC as they are: length known, one copy into the transport's buffer. */
final class EncodedFrameMarshaller implements MethodDescriptor.Marshaller<EncodedFrame> {
  @Override
  public InputStream stream(EncodedFrame frame) {
    return new FrameStream(frame.bytes());
  }

  @Override
  public EncodedFrame parse(InputStream stream) {
    throw new UnsupportedOperationException("a server reads no server frames");
  }

  private static final class FrameStream extends ByteArrayInputStream implements KnownLength, Drainable {
    FrameStream(byte[] bytes) {
      super(bytes);
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      int length = available();
      target.write(buf, pos, length);
      pos = count;
      return length;
    }
  }
}
