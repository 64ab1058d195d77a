"""The script of pages with a grid to listen to: it steps between cells at the same position in time, and nothing else.

It is the only script of our pages, and the page's Content Security Policy names its hash. What it steps through is
``table.matrix``; cells are ``.cell`` and hold one ``audio`` each.
"""

SCRIPT = """
(() => {
  "use strict";
  const table = document.querySelector("table.matrix");
  if (!table) return;
  const grid = [...table.tBodies[0].rows].map((row) => [...row.cells].slice(1).map((td) => td.querySelector(".cell")));
  const control = grid.findIndex((row, y) => table.tBodies[0].rows[y].hasAttribute("data-control"));
  const cells = grid.flat().filter((cell) => cell);
  const back = [];
  let current = cells[0];
  const player = (cell) => cell.querySelector("audio");
  const place = (cell) => {
    const y = grid.findIndex((row) => row.includes(cell));
    return [y, grid[y].indexOf(cell)];
  };
  const enter = (cell) => {
    current.tabIndex = -1;
    current = cell;
    current.tabIndex = 0;
  };
  const step = (cell) => {
    if (!cell || cell === current) return;
    const from = player(current), to = player(cell);
    const playing = !from.paused && !from.ended;
    to.currentTime = from.currentTime;
    from.pause();
    enter(cell);
    cell.focus();
    if (playing && from.currentTime < Number(to.dataset.seconds)) to.play().catch(() => {});
  };
  const beside = (down, right) => {
    let [y, x] = place(current);
    do { y += down; x += right; } while (grid[y] && x in grid[y] && !grid[y][x]);
    return grid[y] && grid[y][x];
  };
  const toControl = () => {
    const [y, x] = place(current);
    if (y !== control) back[x] = y;
    const to = y !== control ? control : back[x];
    return to === undefined ? null : grid[to] && grid[to][x];
  };
  const keys = {
    ArrowUp: () => step(beside(-1, 0)),
    ArrowDown: () => step(beside(1, 0)),
    ArrowLeft: () => step(beside(0, -1)),
    ArrowRight: () => step(beside(0, 1)),
    c: () => step(toControl()),
  };
  const toggle = () => {
    const audio = player(current);
    if (audio.paused) audio.play().catch(() => {});
    else audio.pause();
  };
  table.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const cell = event.target.closest(".cell");
    if (!cell) return;
    const own = event.target === cell && (event.key === "Enter" || event.key === " ");
    const action = own ? toggle : keys[event.key];
    if (!action) return;
    event.preventDefault();
    enter(cell);
    action();
  }, true);
  table.addEventListener("focusin", (event) => {
    const cell = event.target.closest(".cell");
    if (cell) enter(cell);
  });
  table.addEventListener("play", (event) => {
    for (const cell of cells) if (player(cell) !== event.target) player(cell).pause();
  }, true);
  for (const cell of cells) {
    cell.tabIndex = cell === current ? 0 : -1;
    cell.addEventListener("click", (event) => { if (event.target.tagName !== "AUDIO") cell.focus(); });
  }
})();
""".strip()


def keys_html(clean: bool) -> str:
    """What the keys do, for the page.

    Args:
        clean: Whether the condition that others are compared with has no noise.
    """
    keys = (
        ("arrow keys", "go to the next cell at the same position"),
        ("Enter or space", "play or pause"),
        ("c", f"go to {'the control' if clean else 'the row to compare with'} and back"),
    )
    told = "; ".join(f"<kbd>{key}</kbd>: {does}" for key, does in keys)
    return (
        f'<p class="keys">Keys, once a cell is chosen with Tab or a click: {told}.</p>\n'
        "<noscript><p>Without JavaScript the players work, and the keys do not.</p></noscript>\n"
    )
