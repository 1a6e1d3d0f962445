package dev.parley.chassis.server;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;

/** How sockets are served on this machine: by epoll where it is there, else by the JDK. */
public final class Transport {
  private Transport() {}

  static boolean isNative() {
    return Epoll.isAvailable();
  }

  /** What a listening socket is. */
  public static Class<? extends ServerChannel> serverChannel() {
    return isNative() ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
  }

  /** What a socket to another service is. */
  public static Class<? extends Channel> clientChannel() {
    return isNative() ? EpollSocketChannel.class : NioSocketChannel.class;
  }

  /** A group of named event loops. They are daemons: the program's own lifecycle decides when it ends. */
  public static EventLoopGroup loops(String name, int threads) {
    IoHandlerFactory handlers = isNative() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    return new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory(name, true), handlers);
  }
}
