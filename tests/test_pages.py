"""Pages in a real browser: what they fetch, what they play, which keys they obey, and whom they keep out.

They need the extra ``browser``, Chromium, and the file ``axe.min.js`` of the npm package axe-core, whose path stands in
the environment variable ``AXE_CORE``. ``pytest -m browser`` runs them, and fails where one of these is missing.
"""

import json
import os
import shutil
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import augment
from augment.report import preview_page
from augment.report.fit_page import fit_page
from augment.scoring.scores import ScoreOptions
from augment.scoring.wording import Wording
from conftest import Workshop, command
from test_fit_page import fit_shown

pytestmark = pytest.mark.browser

SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--mute-audio", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
SCREENS = {"wide": (1280, 900), "narrow": (390, 844)}
PAGES = ("sheet", "preview", "compressed", "scores", "profile", "compared", "odd_sheet", "odd_preview", "fit")
SAMPLE_S = 1 / 16000
ODD = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(2)>", '"onmouseover="alert(3)', "'-alert(4)-'",
    "\u202egnihton\u202c", "=1+1", "</style><script>alert(5)</script>", "&lt;b&gt; &amp;",
]  # fmt: skip
LOADED = """
async (audio) => {
  audio.preload = "metadata";
  audio.load();
  await new Promise((done, failed) => {
    if (audio.readyState > 0) done();
    audio.onloadedmetadata = done;
    audio.onerror = () => failed(new Error(audio.src.slice(0, 100)));
  });
  return audio.duration;
}
"""


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    place = shutil.which("chromium")
    assert place, "Chromium is not installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=place, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    place = os.environ.get("AXE_CORE")
    assert place, "AXE_CORE does not name the file axe.min.js of the npm package axe-core"
    return Path(place).read_text()


def odd_corpus(shop: Workshop) -> None:
    """Texts, ids and labels that mean something to a browser, a spreadsheet or a terminal."""
    rows = shop.corpus({"North": len(ODD), "South": len(ODD)}, seconds=0.6)
    for number, row in enumerate(rows):
        odd = ODD[number % len(ODD)]
        row |= {"text": f"{odd} \u0634\u06a9\u0631 {number % len(ODD)}", "id": f"{odd} {number}"}
        row |= {"speaker": f"{odd} {row['speaker']}", "accent": f"{row['accent']} {ODD[0]}"}
    shop.manifest(rows)


@pytest.fixture(scope="session")
def pages(tmp_path_factory) -> dict[str, Path]:
    """Every kind of page by name."""
    folder = tmp_path_factory.mktemp("pages")
    planned = augment.plan("demo")
    built = augment.build(planned, folder / "demo", workers=2).folder
    found = {"sheet": built / "datasheet.html", "preview": folder / "preview.html", "compressed": folder / "small.html"}
    augment.preview(planned, found["preview"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preview_page, "ROOM_BYTES", 1_500_000)
        augment.preview(planned, found["compressed"])
    rows = rows_of(built)
    heard = [{"id": row["id"], "text": " ".join(row["text"].split()[int("5db" in row["condition"]) :])} for row in rows]
    (folder / "toy.jsonl").write_text("".join(json.dumps(line) + "\n" for line in heard))
    options = ScoreOptions(wording=Wording.of("plain", None, "word"))
    augment.write_scores(augment.score(built, {"toy": folder / "toy.jsonl"}, options), folder / "scores")
    found["scores"] = folder / "scores" / "scores.html"
    found |= {name: folder / f"{name}.html" for name in ("profile", "compared")}
    command("profile", "show", "mri_epi", "--picture", found["profile"])
    command("profile", "compare", "itu_p48_handset", "laptop", "--picture", found["compared"])
    found["fit"] = folder / "fit.html"
    found["fit"].write_bytes(fit_page(fit_shown(ODD)))
    (folder / "odd").mkdir()
    shop = Workshop(folder / "odd")
    odd_corpus(shop)
    about = json.dumps(" ".join(ODD))
    made = augment.build(shop.recipe(about=about), shop.folder / "set").folder
    found["odd_sheet"] = made / "datasheet.html"
    found["odd_preview"] = augment.preview(shop.folder / "recipe.yaml", shop.folder / "odd.html").path
    return found


def rows_of(folder: Path) -> list[dict]:
    return list(map(json.loads, (folder / "manifest.jsonl").read_text().splitlines()))


class Opened:
    """A page, and all that it did."""

    def __init__(self, browser, path: Path, scripts: bool = True) -> None:
        width, height = SCREENS["wide"]
        self.context = browser.new_context(viewport={"width": width, "height": height}, java_script_enabled=scripts)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())

    def __enter__(self) -> "Opened":
        return self

    def __exit__(self, *_) -> None:
        self.context.close()

    def files(self) -> set[Path]:
        """Files that were asked for; everything else must be in the page itself."""
        urls = [urlsplit(url) for url in self.asked]
        assert {url.scheme for url in urls} <= {"file", "data"}, self.asked
        return {Path(unquote(url.path)) for url in urls if url.scheme == "file"}

    def cell(self) -> tuple[int, int]:
        """Row and column of the cell that has the focus."""
        return tuple(
            self.page.evaluate(
                "() => { const td = document.activeElement.closest('td');"
                "return [td.parentNode.sectionRowIndex, td.cellIndex - 1]; }"
            )
        )

    def time(self, row: int, column: int) -> tuple[float, bool]:
        return tuple(
            self.page.evaluate(
                "([y, x]) => { const a = document.querySelector('.matrix').tBodies[0].rows[y].cells[x + 1]"
                ".querySelector('audio'); return [a.currentTime, a.paused]; }",
                [row, column],
            )
        )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_without_a_request_an_error_or_a_dialog(chromium, pages, name):
    with Opened(chromium, pages[name]) as opened:
        opened.page.mouse.move(300, 300)
        for audio in opened.page.locator("audio").all()[:3]:
            audio.evaluate(LOADED)
        own = {file for file in opened.files() if file != pages[name]}
        assert opened.said == []
        sound = pages["sheet"].parent / "audio", pages["odd_sheet"].parent / "audio"
        assert all(any(file.is_relative_to(folder) for folder in sound) for file in own)
        assert bool(own) == (name in ("sheet", "scores", "odd_sheet"))


@pytest.mark.parametrize("name", ["sheet", "preview", "compressed", "odd_sheet", "odd_preview"])
def test_every_player_lasts_as_long_as_its_row_says(chromium, pages, name):
    """To within a sample."""
    rows = rows_of(pages["odd_sheet" if name.startswith("odd") else "sheet"].parent)
    lasting = {
        f"{row['group']}, {row['condition']}": {r["duration"] for r in rows if r["group"] == row["group"]}
        for row in rows
    }
    seconds = {row["audio_filepath"]: row["duration"] for row in rows}
    with Opened(chromium, pages[name]) as opened:
        players = opened.page.locator("audio").all()
        assert len(players) == (32 if "odd" not in name else 4)
        for player in players:
            found = player.evaluate(LOADED)
            said = float(player.get_attribute("data-seconds"))
            source = unquote(player.get_attribute("src"))
            assert said in lasting[player.get_attribute("aria-label")]
            assert source.startswith("data:") or seconds[source] == said
            assert found == pytest.approx(said, abs=SAMPLE_S)
        own = {"sheet": "audio/", "odd_sheet": "audio/", "compressed": "data:audio/mpeg;"}
        begins = own.get(name, "data:audio/flac;")
        assert all(player.get_attribute("src").startswith(begins) for player in players)


@pytest.mark.parametrize("name", ["sheet", "preview", "compressed"])
def test_keys_step_between_cells_at_the_same_position(chromium, pages, name):
    with Opened(chromium, pages[name]) as opened:
        page = opened.page
        page.locator(".cell").nth(4 * 2 + 1).focus()
        assert opened.cell() == (2, 1)
        page.keyboard.press("Enter")
        page.wait_for_function("() => [...document.querySelectorAll('audio')].some((a) => a.currentTime > 0.4)")
        page.keyboard.press(" ")
        before, paused = opened.time(2, 1)
        assert paused
        for key, place in [("ArrowDown", (3, 1)), ("ArrowRight", (3, 2)), ("ArrowUp", (2, 2)), ("ArrowLeft", (2, 1)),
                           ("c", (0, 1)), ("c", (2, 1)), ("ArrowRight", (2, 2)), ("c", (0, 2)), ("ArrowDown", (1, 2)),
                           ("c", (0, 2)), ("c", (1, 2))]:  # fmt: skip
            page.keyboard.press(key)
            assert opened.cell() == place, key
            page.wait_for_function("() => document.activeElement.querySelector('audio').currentTime > 0.3")
            found, paused = opened.time(*place)
            assert paused
            assert found == pytest.approx(before, abs=0.001)
        for key in ["ArrowUp"] * 3 + ["ArrowLeft"] * 5:
            page.keyboard.press(key)
        assert opened.cell() == (0, 0)
        assert opened.said == []


def test_what_plays_goes_on_in_the_next_cell_and_one_player_plays_at_a_time(chromium, pages):
    with Opened(chromium, pages["preview"]) as opened:
        page = opened.page
        page.locator(".cell").first.focus()
        page.keyboard.press(" ")
        page.wait_for_function("() => document.activeElement.querySelector('audio').currentTime > 0.3")
        page.keyboard.press("ArrowDown")
        page.wait_for_function("() => document.activeElement.querySelector('audio').currentTime > 0.5")
        playing = "() => [...document.querySelectorAll('audio')].map((a) => !a.paused)"
        assert [place for place, on in enumerate(page.evaluate(playing)) if on] == [4]
        page.locator("audio").nth(9).evaluate("(audio) => audio.play()")
        page.wait_for_function("() => document.querySelectorAll('audio')[4].paused")
        assert [place for place, on in enumerate(page.evaluate(playing)) if on] == [9]


def test_a_players_own_keys_are_left_to_it_and_it_steps_all_the_same(chromium, pages):
    with Opened(chromium, pages["preview"]) as opened:
        page = opened.page
        page.locator("audio").nth(5).focus()
        page.keyboard.press("ArrowDown")
        assert opened.cell() == (2, 1)
        assert page.evaluate("() => document.activeElement.className") == "cell"
        page.keyboard.press("Control+c")
        assert opened.cell() == (2, 1)


def test_without_scripts_the_players_are_there(chromium, pages):
    with Opened(chromium, pages["preview"], scripts=False) as opened:
        assert opened.page.locator("audio[controls]").count() == 32
        assert opened.page.locator("noscript p").is_visible()


@pytest.mark.parametrize("name", [name for name in PAGES if name != "compressed"])  # which has the preview's body
def test_nobody_is_kept_out_and_nothing_sticks_out(chromium, pages, axe, name):
    with Opened(chromium, pages[name]) as opened:
        page, told = opened.page, []
        page.evaluate(axe)
        for screen, (width, height) in SCREENS.items():
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
                told += [
                    (screen, scheme, one["id"], one["help"], [node["html"][:200] for node in one["nodes"][:3]])
                    for one in found
                ]
        assert told == []


def test_the_heat_map_of_the_design_counts_the_manifests_items(chromium, pages):
    rows = rows_of(pages["sheet"].parent)
    with Opened(chromium, pages["sheet"]) as opened:
        table = opened.page.locator("table", has=opened.page.get_by_text("Items of each cell"))
        groups = table.locator("thead th").all_inner_texts()[2:]
        shown = {
            (line.locator("th").inner_text(), group): int(cell.inner_text())
            for line in table.locator("tbody tr").all()
            for group, cell in zip(groups, line.locator("td.heat").all(), strict=True)
        }
    assert shown == Counter((row["condition"], row["group"]) for row in rows)


@pytest.mark.parametrize("name", ["odd_sheet", "odd_preview"])
def test_texts_of_strangers_are_shown_as_they_are(chromium, pages, name):
    rows = rows_of(pages["odd_sheet"].parent)
    with Opened(chromium, pages[name]) as opened:
        page = opened.page
        shown = page.locator("body").inner_text()
        heads = page.locator(".matrix thead i").all_inner_texts()
        texts = {row["text"].replace("\u202e", "\\u202e").replace("\u202c", "\\u202c") for row in rows}
        assert len(heads) == 2
        assert set(heads) <= texts
        assert f"North {ODD[0]}" in shown
        assert ODD[5] in shown
        assert page.locator("script").count() == 1
        assert page.locator("img:not([alt^=Spectrogram])").count() == 0
        assert "\u202e" not in page.content()
        assert opened.said == []


@pytest.mark.parametrize("name", ["sheet", "preview", "odd_preview"])
def test_every_picture_is_drawn_and_says_what_it_shows(chromium, pages, name):
    with Opened(chromium, pages[name]) as opened:
        pictures = opened.page.locator(".cell img").all()
        assert len(pictures) == opened.page.locator(".cell").count()
        for picture in pictures:
            assert picture.evaluate("(img) => [img.complete, img.naturalWidth, img.naturalHeight]") == [True, 200, 64]
            assert "dBov" in picture.get_attribute("alt")
