"""The template of `report.html`: markup and style, without links and scripts."""

import string

__all__ = ["PAGE"]

PAGE = string.Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
:root {
  --ink: #1d2127; --soft: #5c6470; --line: #dde1e6; --page: #fff; --tint: #f4f6f8;
  --accent: #2468a8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e7eb; --soft: #9aa3ae; --line: #343a42; --page: #16191d; --tint: #1f242a;
    --accent: #7db4e6;
  }
  /* The plots are dark on white: inverted, with their hues. */
  figure:not(.photos) img { filter: invert(0.91) hue-rotate(180deg); }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 66rem; padding: 2rem 1.25rem 4rem; background: var(--page);
  color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif;
}
header p { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
h1 { margin: 0.2rem 0 1.2rem; font-size: 1.55rem; line-height: 1.3; text-wrap: balance; }
h2 {
  margin: 2.6rem 0 0.9rem; padding-bottom: 0.3rem; border-bottom: 1px solid var(--line);
  font-size: 1.15rem;
}
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.32rem 0.9rem; border-bottom: 1px solid var(--line); text-align: left; }
th { font-weight: 600; }
thead th { color: var(--soft); font-size: 0.85rem; }
.metrics th:not(:first-child), .metrics td { text-align: right; }
.metrics td:nth-child(2) { color: var(--accent); font-weight: 700; }
.scroll { max-width: 100%; margin: 1rem 0; overflow-x: auto; }
.scroll td, .scroll tbody th { font-size: 0.9rem; white-space: nowrap; }
.scroll td:first-child { min-width: 7rem; max-width: 22rem; white-space: normal;
  overflow-wrap: anywhere; }
.tall { max-height: 30rem; overflow-y: auto; }
.tall thead th { position: sticky; top: 0; background: var(--page); }
@media print { .tall { max-height: none; } }
.beside { display: flex; flex-wrap: wrap; gap: 0 2.2rem; align-items: flex-start; }
.beside th, .beside td { padding: 0.28rem 0.6rem; }
.beside td:not(.number) { min-width: 3.5rem; max-width: 18rem; white-space: normal;
  overflow-wrap: anywhere; }
.beside > div { min-width: 0; max-width: 100%; }
.beside > .drawn { flex: 1 1 24rem; max-width: 36rem; }
h3 { margin: 0.6rem 0 0; font-size: 0.95rem; }
td.number, thead th.number { text-align: right; }
@media (max-width: 36rem) { th, td { padding: 0.3rem 0.5rem; font-size: 0.88rem; } }
.note { color: var(--soft); font-size: 0.9rem; }
.plots {
  display: grid; gap: 1.2rem;
  grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr));
}
figure { margin: 0; min-width: 0; }
figure.wide { grid-column: 1 / -1; overflow-x: auto; }
figure.wide img { min-width: 38rem; }
figure img { display: block; width: 100%; height: auto; border-radius: 4px; }
figcaption { margin-top: 0.3rem; color: var(--soft); font-size: 0.85rem; }
dl { display: grid; gap: 0.15rem 2rem; margin: 0;
  grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); }
dl div { display: flex; gap: 0.8rem; padding: 0.15rem 0; min-width: 0; }
dt { flex: 0 0 9.5rem; color: var(--soft); overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
pre { padding: 0.8rem 1rem; overflow-x: auto; border-radius: 4px; background: var(--tint); }
</style>
</head>
<body>
<header><p>$title</p></header>
<main>
<h1>$headline</h1>
<div class="scroll">$table</div>
$notes
$plots
$classes
$importance
<h2>Data</h2>
$data
<h2>Training</h2>
$training
<h2>Environment</h2>
$environment
<h2>How to reproduce</h2>
$reproduce
</main>
</body>
</html>
""")
