package dev.parley.dispatcher.push.http;

import org.jspecify.annotations.Nullable;

/**
 * What an HTTP server said.
 *
 * @param status as in RFC 9110
 * @param retryAfter the header Retry-After, as it came
 * @param body its beginning, at most {@link ProviderHttp#MOST_BODY} bytes, read as UTF-8
 */
public record Reply(int status, @Nullable String retryAfter, String body) {
  /** Whether it says that all went well. */
  public boolean isOk() {
    return status >= 200 && status < 300;
  }
}
