// The look of every page that is written about a model: light and dark, a phone's width too.
#pragma once

namespace millwright::trainer {

inline constexpr const char* kPageStyle =
    "<style>:root{color-scheme:light dark;--ink:#20242a;--faint:#5c636d;--line:#d8dce2;"
    "--paper:#fff;--good:#1a6b3a;--bad:#a32a22}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--faint:#a4abb5;--line:#3a4048;"
    "--paper:#16191d;--good:#6fd198;--bad:#ff9a8f}}"
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
    "max-width:1000px;margin:32px auto;padding:0 16px}"
    "h1{font-size:24px;margin:0}h2{font-size:17px;margin:32px 0 8px;"
    "border-bottom:1px solid var(--line)}"
    ".wide{overflow-x:auto}table{border-collapse:collapse}caption{text-align:left;"
    "color:var(--faint)}td,th{padding:3px 14px 3px 0;text-align:left;vertical-align:top;"
    "font-weight:400}thead th{font-weight:600;font-size:12px}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "svg{max-width:calc(100% - 18px);height:auto;font-size:11px;margin:6px 18px 6px 0;"
    "background:#fff;"
    "border-radius:6px}svg text{fill:#4a5058}.head{font-weight:600;font-size:12px}"
    ".grid{stroke:#e4e7eb;fill:none}.line{fill:none;stroke-width:1.6}.sub{color:var(--faint)}"
    "code{font-size:13px;word-break:break-all}"
    ".good{color:var(--good)}.bad{color:var(--bad)}li{margin:4px 0}</style>";

}  // namespace millwright::trainer
