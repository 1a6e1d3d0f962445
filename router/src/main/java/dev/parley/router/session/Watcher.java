package dev.parley.router.session;

import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.Told;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Who watches users and rooms. It keeps which of them have changed, never the changes. On the loop of its hub. */
public interface Watcher {
  /** A watched subject is otherwise now. */
  void changed(Subject subject);

  /** There is something to tell, or the end of what was told as unknown. */
  boolean hasNews(boolean available);

  /**
   * Tells what has changed, if the client takes it; what it does not take is told later, as it is then.
   *
   * @param available presence can be known
   * @param views each subject as it is now; null: it was not told yet
   */
  void tell(boolean available, Function<Subject, @Nullable Told> views);

  /** Telling it failed by a fault of this program, which ends it. */
  void fault(RuntimeException why);
}
