package dev.parley.dispatcher.push;

import dev.parley.dispatcher.push.Push.Alert;
import dev.parley.v1.ApnsTarget;
import dev.parley.v1.FcmTarget;
import dev.parley.v1.PushTarget;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Pushes as tests need them. */
public final class Pushes {
  public static final String ID = "01890a5d-ac96-774b-bcce-b302099a8057";
  public static final String CONVERSATION = "0d8c6a52-1f2e-8d3b-9a70-3f0c2f1c1f11";
  public static final PushTarget ANDROID =
      PushTarget.newBuilder().setFcm(FcmTarget.newBuilder().setToken("lab:APA91bxyz")).build();
  public static final PushTarget IPHONE =
      PushTarget.newBuilder().setApns(ApnsTarget.newBuilder().setToken("ab".repeat(32))).build();

  private Pushes() {}

  public static Push alert(PushTarget target, String title, String body) {
    return push(target, CONVERSATION, new Alert(title, body));
  }

  public static Push withdrawal(PushTarget target) {
    return push(target, CONVERSATION, null);
  }

  public static Push push(PushTarget target, String conversationId, @Nullable Alert alert) {
    return new Push(ID, target, conversationId, 42, 3, Duration.ofDays(1), alert);
  }
}
