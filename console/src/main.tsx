import { render } from "preact";
import { App } from "./app.tsx";
import { start } from "./live.ts";
import "uplot/dist/uPlot.min.css";
import "./style/tokens.css";
import "./style/base.css";
import "./style/shell.css";
import "./style/board.css";
import "./style/machine.css";
import "./style/lists.css";

const root = document.getElementById("app");
if (root) render(<App />, root);
start();
