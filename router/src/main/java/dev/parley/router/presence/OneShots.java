package dev.parley.router.presence;

import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.Told;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Questions for subjects as they are now: each is a watch until it is told. Belongs to the link's loop. */
final class OneShots {
  /** The bit of these watches among those of the loops. */
  static final int HUB = 63;

  private final PresenceLink link;
  private final Map<CompletableFuture<List<Told>>, Question> open = new LinkedHashMap<>();
  /** How many open questions wait for a subject. */
  private final Map<Subject, Integer> waiting = new HashMap<>();

  private static final class Question {
    private final List<Subject> subjects;
    private final Set<Subject> missing;
    private final Map<Subject, Told> found = new HashMap<>();

    Question(List<Subject> subjects) {
      this.subjects = subjects;
      this.missing = new LinkedHashSet<>(subjects);
    }
  }

  OneShots(PresenceLink link) {
    this.link = link;
  }

  void read(List<Subject> subjects, CompletableFuture<List<Told>> answer, boolean available) {
    Question question = new Question(List.copyOf(subjects));
    open.put(answer, question);
    if (!available || subjects.isEmpty()) {
      end(answer, question);
      return;
    }
    for (Subject subject : List.copyOf(question.missing)) {
      if (waiting.merge(subject, 1, Integer::sum) == 1) {
        link.watchNow(HUB, subject);
      }
    }
  }

  int underWay() {
    return open.size();
  }

  void told(List<Told> told) {
    for (Told one : told) {
      for (Map.Entry<CompletableFuture<List<Told>>, Question> each : List.copyOf(open.entrySet())) {
        Question question = each.getValue();
        if (question.missing.contains(one.getSubject()) && one.getViewCase() != Told.ViewCase.VIEW_NOT_SET) {
          question.missing.remove(one.getSubject());
          question.found.put(one.getSubject(), one);
          release(one.getSubject());
          if (question.missing.isEmpty()) {
            end(each.getKey(), question);
          }
        }
      }
    }
  }

  /** What has come until now must do. */
  void giveUp(CompletableFuture<List<Told>> answer) {
    Question question = open.get(answer);
    if (question != null) {
      end(answer, question);
    }
  }

  void giveUpAll() {
    List.copyOf(open.keySet()).forEach(this::giveUp);
  }

  private void end(CompletableFuture<List<Told>> answer, Question question) {
    open.remove(answer);
    question.missing.forEach(this::release);
    List<Told> told = new ArrayList<>(question.subjects.size());
    for (Subject subject : question.subjects) {
      told.add(question.found.getOrDefault(subject, Told.newBuilder().setSubject(subject).build()));
    }
    answer.complete(told);
  }

  private void release(Subject subject) {
    if (waiting.computeIfPresent(subject, (any, count) -> count == 1 ? null : count - 1) == null) {
      link.unwatchNow(HUB, subject);
    }
  }
}
