package dev.parley.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.cli.stack.LiveStack.Device;
import dev.parley.parts.Parts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser, through the edge, a gateway, two routers and presence. Pictures go to target/page. */
class PageIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final AtomicInteger USERS = new AtomicInteger();
  private static final int TAB = 9;
  private static final int ENTER = 13;

  @TempDir
  static Path data;

  private static LiveStack stack;
  private static HeadlessBrowser browser;

  private final String ann = "ann-" + USERS.incrementAndGet();
  private final String bob = "bob-" + USERS.get();

  @BeforeAll
  static void start() throws Exception {
    stack = LiveStack.withPage(data, 2);
    browser = new HeadlessBrowser(data.resolve("chromium"));
    await().atMost(PATIENCE).until(() -> {
      browser.visit(stack.edgeUrl() + "/");
      return Boolean.TRUE.equals(browser.evaluate("document.title === 'Parley'"));
    });
  }

  @AfterAll
  static void stop() throws Exception {
    browser.close();
    stack.close();
  }

  @BeforeEach
  void ofUsualSize() throws Exception {
    browser.resize(1280, 800, false);
    browser.complaints.clear();
  }

  @AfterEach
  void nothingWasThrown() {
    assertThat(browser.complaints).isEmpty();
  }

  private static void picture(String name) throws Exception {
    browser.screenshot(Parts.findHome().resolve("cli/target/page/" + name + ".png"));
  }

  // ------------------------------------------------------------------ panes

  private String address(String... users) {
    List<String> tokens = new ArrayList<>();
    for (String user : users) {
      tokens.add(user + "=" + stack.token(user, Duration.ofHours(1)));
    }
    return stack.edgeUrl() + "/#" + String.join("&", tokens);
  }

  private void visit(String... users) throws Exception {
    // The edge may not have noticed yet that a gateway is back: then it answers with its own refusal, without a page.
    await("the page")
        .atMost(PATIENCE)
        .until(
            () -> {
              browser.visit(address(users));
              return Boolean.TRUE.equals(browser.evaluate("document.querySelector('script') !== null"));
            });
    for (int pane = 0; pane < users.length; pane++) {
      awaitIn(pane, "document.getElementById('connection-text').textContent === 'Online'");
    }
  }

  /** An expression in a pane, where {@code document} is that of the pane. */
  private static @Nullable Object in(int pane, String expression) throws Exception {
    return browser.evaluate(
        "((document, window) => (%s))(frames[%d].document, frames[%d])".formatted(expression, pane, pane));
  }

  private static void awaitIn(int pane, String condition) {
    await("in pane " + pane + ": " + condition)
        .atMost(PATIENCE)
        .until(() -> Boolean.TRUE.equals(in(pane, condition)));
  }

  private static void click(int pane, String selector) throws Exception {
    awaitIn(pane, "document.querySelector('%s') !== null".formatted(selector));
    in(pane, "document.querySelector('%s').click()".formatted(selector));
  }

  private static void focus(int pane, String id) throws Exception {
    in(pane, "document.getElementById('%s').focus()".formatted(id));
  }

  private static void begin(int pane, String members) throws Exception {
    click(pane, "#new");
    focus(pane, "members");
    browser.type(members);
    browser.press("Enter", ENTER);
    awaitIn(pane, "document.getElementById('app').dataset.open === 'true'");
  }

  private static void say(int pane, String text) throws Exception {
    focus(pane, "text");
    browser.type(text);
    browser.press("Enter", ENTER);
  }

  private static String messages(String text) {
    return "[...document.querySelectorAll('.message .text')].filter(each => each.textContent === '%s').length".formatted(text);
  }

  private static void awaitMessage(int pane, String text) {
    awaitIn(pane, messages(text) + " === 1");
  }

  private static String status(String text) {
    return ("[...document.querySelectorAll('.message')].find(each => each.querySelector('.text').textContent === '%s')"
            + "?.querySelector('.status')?.textContent")
        .formatted(text);
  }

  // ------------------------------------------------------------------ talking

  @Test
  void twoUsersTalkSideBySide() throws Exception {
    visit(ann, bob);
    picture("empty");
    begin(0, bob);
    say(0, "Hi, did the release go out?");
    awaitIn(1, "document.querySelector('.badge')?.textContent === '1'");
    awaitIn(1, "document.querySelector('.preview').textContent === 'Hi, did the release go out?'");
    awaitIn(0, status("Hi, did the release go out?") + " === 'Sent'");
    awaitIn(0, "document.getElementById('presence').textContent === 'Online'");
    picture("unread");

    click(1, ".conversation");
    awaitMessage(1, "Hi, did the release go out?");
    awaitIn(1, "document.querySelector('.badge') === null");
    awaitIn(0, status("Hi, did the release go out?") + " === 'Seen'");

    focus(1, "text");
    browser.type("Yes, twenty minutes agp");
    awaitIn(0, "document.getElementById('typing').textContent.endsWith('is typing …')");
    browser.press("Enter", ENTER);
    awaitMessage(0, "Yes, twenty minutes agp");
    awaitIn(0, "document.getElementById('typing').textContent === ''");

    awaitIn(1, status("Yes, twenty minutes agp") + " !== undefined");
    click(1, ".message.own .tool[aria-label=Edit]");
    in(1, "document.getElementById('text').select()");
    browser.type("Yes, twenty minutes ago. All green so far.");
    browser.press("Enter", ENTER);
    awaitMessage(0, "Yes, twenty minutes ago. All green so far.");
    awaitIn(0, "document.querySelector('.message.other .meta').textContent.includes('edited')");

    click(0, ".message.other .tool");
    awaitIn(1, "document.querySelector('.reactions button')?.textContent === '👍 1'");
    say(1, "A slip of the finger");
    awaitMessage(0, "A slip of the finger");
    in(1, "[...document.querySelectorAll('.message.own .tool[aria-label=Delete]')].at(-1).click()");
    awaitMessage(0, "Message deleted");
    say(0, "Then I will tell the others. Thank you for staying late!");
    awaitMessage(1, "Then I will tell the others. Thank you for staying late!");
    picture("talk");
    browser.resize(1280, 800, true);
    picture("dark");
  }

  @Test
  void aGroupAndItsHistoryAreRead() throws Exception {
    Device phone = stack.connect(bob, "phone");
    String group = phone.session().createGroup("Release crew", List.of(ann)).join();
    for (int i = 1; i <= 60; i++) {
      phone.session().sendText(group, "line " + i).join();
    }

    visit(ann);
    awaitIn(0, "document.querySelector('.badge')?.textContent === '60'");
    click(0, ".conversation");
    awaitMessage(0, "line 60");
    awaitIn(0, "document.querySelector('.badge') === null");
    awaitIn(0, "document.querySelector('.day.new') !== null");
    assertThat(in(0, messages("line 1"))).hasToString("0");
    click(0, "#earlier");
    awaitMessage(0, "line 1");
    assertThat(in(0, "document.getElementById('earlier').hidden")).isEqualTo(true);
    assertThat(in(0, "document.querySelectorAll('.message').length")).hasToString("60");
    assertThat(in(0, "document.querySelectorAll('.author').length")).as("once for all of one author").hasToString("1");
    picture("group");
  }

  // ------------------------------------------------------------------ faults

  @Test
  void whatIsWrittenWithoutAConnectionArrivesOnceAndNothingIsMissing() throws Exception {
    visit(ann, bob);
    begin(0, bob);
    say(0, "before");
    click(1, ".conversation");
    awaitMessage(1, "before");
    Device phone = stack.connect(bob, "phone");

    stack.gateway().kill();
    awaitIn(0, "document.getElementById('banner').classList.contains('on')");
    say(0, "written offline");
    awaitIn(0, status("written offline") + " === 'Waiting'");
    phone.session().sendText(phone.session().createDirect(ann).join(), "said meanwhile").join();
    picture("offline");
    stack.startGateway();

    awaitMessage(1, "written offline");
    awaitMessage(0, "said meanwhile");
    awaitIn(0, "['Sent', 'Seen'].includes(%s)".formatted(status("written offline")));
    awaitIn(0, "!document.getElementById('banner').classList.contains('on')");

    stack.killRouter(1);
    say(0, "after a router died");
    say(1, "here too");
    awaitMessage(1, "after a router died");
    awaitMessage(0, "here too");
    stack.startRouter(1);
    String order = "[...document.querySelectorAll('.message .text')].map(each => each.textContent).join()";
    assertThat(in(0, order)).isEqualTo(in(1, order));
    assertThat(in(0, messages("written offline"))).hasToString("1");
  }

  @Test
  void aRouterThatLeavesTakesNothingWithIt() throws Exception {
    visit(ann, bob);
    begin(0, bob);
    say(0, "before");
    click(1, ".conversation");
    awaitMessage(1, "before");

    stack.stopRouter(1);
    say(0, "after it left");
    say(1, "the same here");

    awaitMessage(1, "after it left");
    awaitMessage(0, "the same here");
    stack.startRouter(1);
  }

  @Test
  void theOutboxSurvivesAReload() throws Exception {
    visit(ann);
    begin(0, bob);
    stack.gateway().kill();
    say(0, "kept");
    awaitIn(0, status("kept") + " === 'Waiting'");
    stack.startGateway();
    visit(ann);

    Device phone = stack.connect(bob, "phone");
    String conversation = phone.session().createDirect(ann).join();
    click(0, ".conversation");
    awaitIn(0, "['Sent', 'Seen'].includes(%s)".formatted(status("kept")));
    assertThat(phone.heard().following).containsKey(conversation);
    assertThat(in(0, messages("kept"))).hasToString("1");
  }

  @Test
  void aTokenThatHasEndedIsTold() throws Exception {
    browser.visit(stack.edgeUrl() + "/#" + ann + "=" + stack.endedToken(ann));
    awaitIn(0, "document.getElementById('banner-text').textContent.includes('token has ended')");
  }

  // ------------------------------------------------------------------ for everybody

  @Test
  void itFitsIntoAPhone() throws Exception {
    visit(ann);
    browser.resize(360, 740, false);
    begin(0, bob);
    say(0, "AVeryLongWordThatNobodyWouldWriteButSomebodyAlwaysDoesAndThenEverythingIsTooWide" + "x".repeat(100));
    say(0, "A longer message that has to break into several lines on a screen as narrow as this one.");
    awaitIn(0, "document.querySelectorAll('.message').length === 2");
    noSidewaysScrolling();
    picture("phone-thread");
    click(0, "#back");
    noSidewaysScrolling();
    picture("phone-list");
    click(0, "#new");
    noSidewaysScrolling();
    picture("phone-dialog");
  }

  private static void noSidewaysScrolling() throws Exception {
    assertThat(in(0, "document.documentElement.scrollWidth <= 360 && document.body.scrollWidth <= 360"))
        .isEqualTo(true);
    assertThat(in(0, "[...document.querySelectorAll('body *')].filter(each => each.getBoundingClientRect().right > 361"
            + " && getComputedStyle(each).pointerEvents !== 'none' && !each.closest('.tools')).map(each => each.className).join()"))
        .isEqualTo("");
  }

  @Test
  void everythingHasANameAndTheKeyboardReachesIt() throws Exception {
    visit(ann);
    begin(0, bob);
    say(0, "one");
    awaitIn(0, "document.querySelectorAll('.message').length === 1");
    for (Map<String, Object> node : accessibleNodes()) {
      String role = value(node, "role");
      if (List.of("button", "textbox", "dialog", "log", "navigation", "main", "Iframe").contains(role)) {
        assertThat(value(node, "name")).as("the name of a %s: %s", role, node).isNotEmpty();
      }
    }
    assertThat(in(0, "document.getElementById('log').getAttribute('aria-live')")).isEqualTo("polite");
    assertThat(in(0, "document.documentElement.lang")).isEqualTo("en");

    in(0, "document.getElementById('new').focus()");
    List<@Nullable Object> reached = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      browser.press("Tab", TAB);
      reached.add(
          in(0, "document.activeElement.id || document.activeElement.className.split(' ')[0]"));
    }
    assertThat(reached).startsWith("conversation", "message", "tool");
    assertThat(reached).containsSubsequence("message", "tool", "text");
    assertThat(reached.getLast()).isEqualTo("send");
    assertThat(in(0, "getComputedStyle(document.activeElement).outlineStyle")).isEqualTo("solid");
    in(0, "document.getElementById('text').focus()");
    browser.press("ArrowUp", 38);
    assertThat(in(0, "document.activeElement.className")).asString().startsWith("message");
  }

  private static List<Map<String, Object>> accessibleNodes() throws Exception {
    List<Map<String, Object>> nodes = new ArrayList<>();
    String frame =
        String.valueOf(
            JSONObjectUtils.getJSONObject(
                    JSONObjectUtils.getJSONObjectArray(
                        JSONObjectUtils.getJSONObject(browser.command("Page.getFrameTree", Map.of()), "frameTree"),
                        "childFrames")[0],
                    "frame")
                .get("id"));
    Map<String, Object> tree = browser.command("Accessibility.getFullAXTree", Map.of("frameId", frame));
    for (Map<String, Object> node : JSONObjectUtils.getJSONObjectArray(tree, "nodes")) {
      if (!Boolean.TRUE.equals(node.get("ignored"))) {
        nodes.add(node);
      }
    }
    assertThat(nodes).hasSizeGreaterThan(10);
    return nodes;
  }

  private static String value(Map<String, Object> node, String property) throws Exception {
    Map<String, Object> found = JSONObjectUtils.getJSONObject(node, property);
    return found == null ? "" : String.valueOf(found.getOrDefault("value", ""));
  }
}
