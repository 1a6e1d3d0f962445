package dev.parley.router.presence;

import dev.parley.internal.v1.Subject;
import dev.parley.internal.v1.Told;
import java.util.ArrayList;
import java.util.HashMap;
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
  private final Map<CompletableFuture<List<Told>>, Question> open = new HashMap<>();
  private final Map<Subject, Set<Question>> waiting = new HashMap<>();

  private static final class Question {
    private final CompletableFuture<List<Told>> answer;
    private final List<Subject> subjects;
    private final Set<Subject> missing;
    private final Map<Subject, Told> found = new HashMap<>();

    Question(List<Subject> subjects, CompletableFuture<List<Told>> answer) {
      this.answer = answer;
      this.subjects = subjects;
      this.missing = new LinkedHashSet<>(subjects);
    }
  }

  OneShots(PresenceLink link) {
    this.link = link;
  }

  int underWay() {
    return open.size();
  }

  /** Answers with these subjects, none of them known. */
  static void refuse(List<Subject> subjects, CompletableFuture<List<Told>> answer) {
    answer.complete(subjects.stream().map(OneShots::unknown).toList());
  }

  void read(List<Subject> subjects, CompletableFuture<List<Told>> answer) {
    if (subjects.isEmpty()) {
      answer.complete(List.of());
      return;
    }
    Question question = new Question(List.copyOf(subjects), answer);
    open.put(answer, question);
    for (Subject subject : List.copyOf(question.missing)) {
      Set<Question> others = waiting.computeIfAbsent(subject, any -> new LinkedHashSet<>(2));
      others.add(question);
      if (others.size() == 1) {
        link.watchNow(HUB, subject);
      }
    }
  }

  void told(List<Told> told) {
    for (Told one : told) {
      Set<Question> asking = waiting.remove(one.getSubject());
      if (asking != null) {
        link.unwatchNow(HUB, one.getSubject());
        for (Question question : asking) {
          question.missing.remove(one.getSubject());
          question.found.put(one.getSubject(), one);
          if (question.missing.isEmpty()) {
            link.readAnswered();
            end(question);
          }
        }
      }
    }
  }

  /** What has come until now must do. */
  void giveUp(CompletableFuture<List<Told>> answer) {
    Question question = open.get(answer);
    if (question != null) {
      end(question);
    }
  }

  void giveUpAll() {
    List.copyOf(open.values()).forEach(this::end);
  }

  private void end(Question question) {
    open.remove(question.answer);
    for (Subject subject : question.missing) {
      Set<Question> others = waiting.get(subject);
      if (others != null && others.remove(question) && others.isEmpty()) {
        waiting.remove(subject);
        link.unwatchNow(HUB, subject);
      }
    }
    List<Told> told = new ArrayList<>(question.subjects.size());
    for (Subject subject : question.subjects) {
      Told found = question.found.get(subject);
      told.add(found == null ? unknown(subject) : found);
    }
    question.answer.complete(told);
  }

  private static Told unknown(Subject subject) {
    return Told.newBuilder().setSubject(subject).build();
  }
}
