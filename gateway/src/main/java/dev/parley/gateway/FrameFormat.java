package dev.parley.gateway;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.v1.ClientFrame;
import dev.parley.v1.ServerFrame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** How frames of the protocol lie in messages of a socket: one in each. */
enum FrameFormat {
  /** Text: the JSON mapping. */
  JSON("parley.v1.json") {
    @Override
    boolean isOfThis(WebSocketFrame message) {
      return message instanceof TextWebSocketFrame;
    }

    @Override
    byte[] fromClient(ByteBuf message) throws Json.MalformedException {
      ClientFrame.Builder frame = ClientFrame.newBuilder();
      Json.read(message.nioBuffer(), frame);
      return frame.build().toByteArray();
    }

    @Override
    WebSocketFrame toClient(byte[] frame) throws InvalidProtocolBufferException {
      return text(ServerFrame.parseFrom(frame));
    }

    private static WebSocketFrame text(ServerFrame frame) throws InvalidProtocolBufferException {
      return new TextWebSocketFrame(
          Unpooled.wrappedBuffer(Json.write(frame).getBytes(StandardCharsets.UTF_8)));
    }
  },
  /** Binary: Protobuf, as it is. */
  BINARY("parley.v1.binary") {
    @Override
    boolean isOfThis(WebSocketFrame message) {
      return message instanceof BinaryWebSocketFrame;
    }

    @Override
    byte[] fromClient(ByteBuf message) {
      return ByteBufUtil.getBytes(message);
    }

    @Override
    WebSocketFrame toClient(byte[] frame) {
      return new BinaryWebSocketFrame(Unpooled.wrappedBuffer(frame));
    }
  };

  /** All, as a list of subprotocols. */
  static final String SUBPROTOCOLS = JSON.subprotocol + "," + BINARY.subprotocol;

  private final String subprotocol;

  FrameFormat(String subprotocol) {
    this.subprotocol = subprotocol;
  }

  /** The format with this subprotocol; null: there is none. */
  static @Nullable FrameFormat of(@Nullable String subprotocol) {
    for (FrameFormat each : values()) {
      if (each.subprotocol.equals(subprotocol)) {
        return each;
      }
    }
    return null;
  }

  /** Whether a message, or the first fragment of one, is of the kind of this format. */
  abstract boolean isOfThis(WebSocketFrame message);

  /** A client's message as the ClientFrame that it holds. */
  abstract byte[] fromClient(ByteBuf message) throws Json.MalformedException;

  /** A ServerFrame as a message. */
  abstract WebSocketFrame toClient(byte[] frame) throws InvalidProtocolBufferException;
}
