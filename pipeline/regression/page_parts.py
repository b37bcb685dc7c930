"""Style and script of the report page. Nothing in it is fetched from anywhere."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --soft: #667; --paper: #fff; --card: #f6f7f9;
  --edge: #dfe3e8; --bad: #c62f3d; --bad-soft: #fdecee; --good: #1f7a4d; --good-soft: #e6f5ec;
  --odd: #9a6700; --odd-soft: #fff4d6; --then: #8a94a3; --now: #2f6fde; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #9aa3af; --paper: #14171a;
  --card: #1d2126; --edge: #343a42; --bad: #ff7b86; --bad-soft: #3a1d21; --good: #62d296;
  --good-soft: #16301f; --odd: #f0c060; --odd-soft: #352a10; --then: #7c8794; --now: #7fabff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 80px; }
h1 { font-size: 24px; margin: 0 0 4px; letter-spacing: -.01em; }
h2 { font-size: 19px; margin: 0; } h3 { font-size: 15px; margin: 26px 0 8px; }
p { margin: 0 0 8px; } .soft { color: var(--soft); } a { color: inherit; }
code { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  overflow-wrap: anywhere; }
.badge { display: inline-block; padding: 2px 10px; border-radius: 99px; font-weight: 600;
  font-size: 13px; white-space: nowrap; background: var(--good-soft); color: var(--good); }
.badge.worse { background: var(--bad-soft); color: var(--bad); }
.badge.odd { background: var(--odd-soft); color: var(--odd); }
.headline { display: flex; gap: 12px; align-items: center; flex-wrap: wrap; margin-bottom: 4px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 600; color: var(--soft); }
th, td { padding: 7px 12px 7px 0; border-bottom: 1px solid var(--edge); vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.worse td { color: var(--bad); } tr.better td { color: var(--good); }
tr.unknown td { color: var(--soft); }
section.case { background: var(--card); border: 1px solid var(--edge); border-radius: 12px;
  padding: 20px; margin: 22px 0; }
ul.findings { margin: 10px 0; padding: 0; list-style: none; }
ul.findings li { border-left: 4px solid var(--bad); background: var(--bad-soft); padding: 8px 12px;
  margin: 6px 0; border-radius: 0 8px 8px 0; }
ul.findings li.follows { border-color: var(--edge); background: none; color: var(--soft);
  padding: 2px 12px; font-size: 14px; }
ul.findings li.better { border-color: var(--good); background: var(--good-soft); }
ul.findings li.odd { border-color: var(--odd); background: var(--odd-soft); }
ul.findings code { color: var(--soft); }
.trio, .player .pair { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px; }
.trio figure, .pair figure { margin: 0; }
.trio img, .pair img { width: 100%; display: block; border-radius: 6px; background: #000;
  image-rendering: auto; }
.apart div { position: relative; isolation: isolate; filter: brightness(2.5); }
.apart img + img { position: absolute; top: 0; mix-blend-mode: difference; }
figcaption { font-size: 13px; color: var(--soft); padding: 3px 0; }
.row { margin: 0 0 14px; } .row > p { font-weight: 600; font-size: 14px; margin: 0 0 4px; }
.player { margin: 8px 0 4px; } .player .bar { display: flex; gap: 10px; align-items: center;
  margin-top: 6px; }
.player input { flex: 1; accent-color: var(--now); }
.player button { font: inherit; font-size: 13px; padding: 3px 12px; border-radius: 6px;
  cursor: pointer;
  border: 1px solid var(--edge); background: var(--paper); color: var(--ink); min-width: 66px; }
.player output { font-variant-numeric: tabular-nums; min-width: 76px; font-size: 13px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(330px, 1fr)); gap: 10px; }
.chart { margin: 0; background: var(--paper); border: 1px solid var(--edge); border-radius: 8px;
  padding: 4px 6px 0; }
.chart.bad { border-color: var(--bad); } .chart.bad figcaption { color: var(--bad); }
.chart figcaption { padding: 2px 6px; } .chart figcaption span { opacity: .7; }
svg { width: 100%; height: auto; display: block; } svg text { font-size: 10px; fill: var(--soft); }
.field { fill: none; stroke: var(--edge); stroke-width: 1; }
polyline { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
polyline.then { stroke: var(--then); stroke-width: 3; opacity: .65; }
polyline.now { stroke: var(--now); }
.chart.bad polyline.now { stroke: var(--bad); }
line.limit { stroke: var(--odd); stroke-dasharray: 4 3; } line.cursor { stroke: var(--ink);
  opacity: .35; }
.strip { margin: 8px 0 0; } .legend { font-size: 13px; color: var(--soft); display: flex; gap: 14px;
  flex-wrap: wrap; margin: 4px 0 0; }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 3px;
  margin-right: 5px; }
.reason { fill: #888; background: #888; }
.reason.r-1 { fill: #2f9e6a; background: #2f9e6a; } .reason.r0 { fill: #999; background: #999; }
.reason.r1 { fill: #6b7280; background: #6b7280; } .reason.r2 { fill: #b45309;
  background: #b45309; }
.reason.r3 { fill: #d97706; background: #d97706; } .reason.r4 { fill: #ca8a04;
  background: #ca8a04; }
.reason.r5 { fill: #7c3aed; background: #7c3aed; } .reason.r6 { fill: #db2777;
  background: #db2777; }
.reason.r7 { fill: #60a5fa; background: #60a5fa; } .reason.r8 { fill: #dc2626;
  background: #dc2626; }
.key { font-size: 13px; color: var(--soft); } .key i { display: inline-block; width: 16px;
  height: 3px;
  vertical-align: middle; margin: 0 5px 0 12px; }
details { margin-top: 14px; } summary { cursor: pointer; color: var(--soft); }
"""

SCRIPT = """
for (const player of document.querySelectorAll('.player')) {
  const shots = JSON.parse(player.querySelector('script').textContent);
  const [then, now, under, over] = player.querySelectorAll('img');
  const range = player.querySelector('input');
  const shown = player.querySelector('output');
  const button = player.querySelector('button');
  const cursors = player.closest('section').querySelectorAll('.chart svg');
  const show = () => {
    const shot = shots[+range.value];
    then.src = under.src = shot.then;
    now.src = over.src = shot.now;
    shown.textContent = 'frame ' + shot.row;
    for (const chart of cursors) {
      const { n, left, right } = chart.dataset;
      const x = +left + (right - left) * shot.row / Math.max(n - 1, 1);
      const line = chart.querySelector('.cursor');
      line.setAttribute('x1', x);
      line.setAttribute('x2', x);
    }
  };
  let timer = 0;
  const stop = () => { clearInterval(timer); timer = 0; button.textContent = 'Play'; };
  button.addEventListener('click', () => {
    if (timer) { stop(); return; }
    button.textContent = 'Pause';
    timer = setInterval(() => {
      range.value = (+range.value + 1) % shots.length;
      show();
    }, +player.dataset.ms);
  });
  range.addEventListener('input', () => { stop(); show(); });
  show();
}
"""
