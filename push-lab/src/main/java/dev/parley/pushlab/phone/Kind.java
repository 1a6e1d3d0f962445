package dev.parley.pushlab.phone;

/** Through which service a phone is reached. */
public enum Kind {
  /** An Android phone, through FCM. */
  FCM("fcm"),
  /** An iPhone, through APNs. */
  APNS("apns"),
  /** A browser, through its Web Push service. */
  WEB_PUSH("web_push");

  private final String provider;

  Kind(String provider) {
    this.provider = provider;
  }

  /** As in JSON: {@code fcm}, {@code apns} or {@code web_push}. */
  public String provider() {
    return provider;
  }

  /**
   * The kind of this name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Kind of(String provider) {
    for (Kind kind : values()) {
      if (kind.provider.equals(provider)) {
        return kind;
      }
    }
    throw new IllegalArgumentException("a provider is fcm, apns or web_push");
  }
}
