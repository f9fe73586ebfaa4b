import { render } from "preact";
import { enter, grants, takeToken } from "./access.ts";
import { App } from "./app.tsx";
import { retryNow, start } from "./live.ts";
import { AccessPrompt, giveToken } from "./ui/access.tsx";
import "uplot/dist/uPlot.min.css";
import "./style/tokens.css";
import "./style/base.css";
import "./style/shell.css";
import "./style/board.css";
import "./style/machine.css";
import "./style/lists.css";
import "./style/inbox.css";
import "./style/rollouts.css";

/** With another token everything is read anew: what one person may see says nothing about the next. */
function Root() {
  return (
    <>
      <App key={grants.value} />
      <AccessPrompt />
    </>
  );
}

/** A link with a token: the page's first address, or one that was opened in this same page. */
function takeAddress(): void {
  const token = takeToken();
  if (token !== null) enter(giveToken(token));
}

takeAddress();
addEventListener("hashchange", takeAddress);
const root = document.getElementById("app");
if (root) render(<Root />, root);
start();
grants.subscribe((count) => count > 0 && retryNow());
