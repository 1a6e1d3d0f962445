package dev.parley.presence.store;

import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.async.RedisAsyncCommands;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** One operation that takes place in Redis as a whole. Immutable. */
final class LuaScript {
  private final byte[] text;
  private final String digest;
  private final ScriptOutputType output;

  private LuaScript(byte[] text, ScriptOutputType output) {
    this.text = text;
    this.output = output;
    try {
      this.digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(text));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-1", e);
    }
  }

  /** The script made of these files, one after the other. */
  static LuaScript of(ScriptOutputType output, String... files) {
    StringBuilder text = new StringBuilder();
    for (String file : files) {
      try (InputStream in = LuaScript.class.getResourceAsStream(file)) {
        if (in == null) {
          throw new IllegalStateException(file + " is not beside this class");
        }
        text.append(new String(in.readAllBytes(), StandardCharsets.UTF_8)).append('\n');
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return new LuaScript(text.toString().getBytes(StandardCharsets.UTF_8), output);
  }

  /** Gives it to Redis, so that what is sent later is run in the order in which it is sent. */
  CompletionStage<String> load(RedisAsyncCommands<String, byte[]> redis) {
    return redis.scriptLoad(text);
  }

  /** Runs it by its digest; where Redis does not have it, after SCRIPT FLUSH, its text is sent. */
  <T> CompletionStage<T> run(RedisAsyncCommands<String, byte[]> redis, String[] keys, byte[]... arguments) {
    return redis
        .<T>evalsha(digest, output, keys, arguments)
        .exceptionallyCompose(
            failure -> {
              Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
              return cause instanceof RedisNoScriptException
                  ? redis.eval(text, output, keys, arguments)
                  : CompletableFuture.failedFuture(cause == null ? failure : cause);
            });
  }
}
