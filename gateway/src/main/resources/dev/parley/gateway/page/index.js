// The desk: one pane for each user whose token stands behind the # of the address, as #alice=TOKEN&bob=TOKEN. Browsers
// keep that part to themselves: no server sees it, and no log.

const panes = document.getElementById("panes");
const start = document.getElementById("start");

function show() {
  const users = [...new URLSearchParams(location.hash.slice(1))].filter(([, token]) => token);
  start.hidden = users.length > 0;
  panes.replaceChildren(
    ...users.map(([user, token]) => {
      const pane = document.createElement("iframe");
      pane.title = `Parley as ${user}`;
      pane.src = `/chat.html#${new URLSearchParams({ user, token })}`;
      return pane;
    }),
  );
}

document.getElementById("sign-in").addEventListener("submit", (submit) => {
  submit.preventDefault();
  const token = document.getElementById("token").value.trim();
  try {
    const { sub } = JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
    location.hash = new URLSearchParams({ [sub]: token });
  } catch {
    document.getElementById("sign-in-problem").textContent = "This is no token: it has three parts with dots between them.";
  }
});

addEventListener("hashchange", show);
show();
