"""A set compared with what it was made from: recipe, corpus, profiles and noise, as far as they are available."""

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from augment.errors import AcoustigridError, DesignError, Fault
from augment.execute import Way
from augment.files.json_rows import PickedRows, Rows
from augment.files.location import Location
from augment.packages import versions_here
from augment.progress import Progress, Within, each
from augment.recipe.loader import LoadedRecipe
from augment.testset.folder import PLAN
from augment.verification.again import profile_faults, recipe_faults, rendered_again
from augment.verification.labels import label_faults
from augment.verification.remade import Made, Makers, against_exports, against_plan, against_rows
from augment.verification.sample import draw_sample, told_bound
from augment.verification.sources import SelfDescription, recipe_folder, recipe_there
from augment.verification.verdict import CheckOptions, Protocol, Unchecked

REMEDY = "say where the recipe was with --recipe-folder"
MADE_AGAIN = "plan, notes, balance and data sheets made again"
RENDERED = "items rendered again"


@dataclass(frozen=True)
class Origin:
    """The comparison of a set with its sources.

    Attributes:
        told: The set.
        asked: How to check it.
        makers: The verbs that make a set.
        way: Where items are rendered again.
        protocol: Where findings are recorded.
    """

    told: SelfDescription
    asked: CheckOptions
    makers: Makers
    way: Way
    protocol: Protocol

    def check(self, whole: Rows, exported: Mapping[str, Any], progress: Progress) -> int:
        """Run the whole comparison.

        Args:
            whole: Rows that lack nothing.
            exported: Formats that the set was exported to, as ``exports.json`` lists them.
            progress: Shows how far it has got.

        Returns:
            How many items were rendered again.
        """
        self._attempt("testset.json", lambda: recipe_faults(self.told))
        self._versions()
        self._exports(exported, progress)
        try:
            base = recipe_folder(self.told.disk, self.asked.recipe_folder)
            loaded = recipe_there(self.told, base)
        except AcoustigridError as error:
            self._unchecked(f"{MADE_AGAIN}, {RENDERED}", str(error))
            self._without_plan()
            return 0
        self.protocol.attempt("profiles", lambda: profile_faults(self.told, loaded))
        if not self._planned_again(loaded, progress):
            self._without_plan()
        planned = array("i", (n for n, row in enumerate(whole) if row["audio_filepath"] in self.told.planned))
        return self._sampled(loaded, base, PickedRows(whole, planned), progress)

    def _unchecked(self, what: str, why: str, remedy: str = REMEDY) -> None:
        self.protocol.unchecked.append(Unchecked(what, why, remedy))

    def _attempt(self, what: str, check: Callable[[], Made]) -> None:
        """Compare something that was made again with the set.

        What the set says about its maker is only a claim, and no reason to skip a check: if it names another version,
        just the wording cannot be known to be wrong, and is reported as not checked.
        """

        def deviations() -> tuple[Fault, ...]:
            made, said = check(), self.told.identity.get("made_by")
            if said == self.makers.version or not made.words:
                return (*made.faults, *made.words)
            why = f"it says that {said!r} made it, and {self.makers.version} says otherwise: {made.words[0]}"
            self._unchecked(f"words of {what}", why, f"check it with {said!r}, or compare --identity")
            return made.faults

        self.protocol.attempt(what, deviations)

    def _planned_again(self, loaded: LoadedRecipe, progress: Progress) -> bool:
        """Make the set again except for its audio; returns whether that was possible."""
        try:
            plan = self.makers.plan(loaded, Within(progress, "planning again"))
        except DesignError as error:
            place, message = self.told.disk.place(PLAN), "its own recipe cannot be planned with this corpus"
            self.protocol.deviations += [Fault(place, f"{message}: {fault}") for fault in error.faults]
            return False
        except AcoustigridError as error:
            self._unchecked(MADE_AGAIN, str(error))
            return False
        with progress.step("describing the set again"):
            self._attempt("files made again", lambda: against_plan(self.told, plan, self.makers))
        made = "labels, licences, notes, balance and every derived file made again from recipe, corpus and noise"
        self.protocol.checks.append(("plan", made))
        return True

    def _without_plan(self) -> None:
        """Check what can be checked if the plan cannot be made again."""
        self._attempt("files made of others", lambda: against_rows(self.told, self.makers))
        try:
            base = recipe_folder(self.told.disk, self.asked.recipe_folder)
            self.protocol.deviations += label_faults(self.told, base)
        except AcoustigridError as error:
            self._unchecked("text, speaker, labels and licences against the corpus", str(error))
        else:
            said = "text, speaker, labels, licence and credit held against the corpus"
            self.protocol.checks.append(("labels", said))

    def _versions(self) -> None:
        """Report that other packages or another version made the set, which nothing here can check."""
        maker = self.told.identity.get("made_by")
        if maker != self.makers.version:
            self._unchecked("made_by in testset.json", f"it says {maker!r}, and this is {self.makers.version}", "")
        here, said = versions_here(), self.told.identity.get("versions")
        then: dict[str, Any] = said if isinstance(said, dict) else {}
        other = [name for name in {**here, **then} if here.get(name) != then.get(name)]
        if other:
            told = ", ".join(f"{name} {then.get(name)!r} (here {here.get(name)!r})" for name in other[:4])
            self._unchecked("versions in testset.json", f"others are installed: {told}", "")

    def _exports(self, exported: Mapping[str, Any], progress: Progress) -> None:
        if not exported:
            return
        for name, entry in each(progress, "exporting again", exported.items(), len(exported), "format"):
            try:
                self.protocol.deviations += against_exports(self.told, name, entry["files"], self.makers)
            except AcoustigridError as error:
                self._unchecked(f"the export '{name}' made again", str(error), "")

    def _sampled(self, loaded: LoadedRecipe, base: Location, items: Rows, progress: Progress) -> int:
        """Render a sample of items again; returns how many."""
        size = len(items) if self.asked.size is None else self.asked.size
        if not items or not size:
            self._unchecked(RENDERED, "none was asked for", "--sample 20")
            return 0
        sample = draw_sample(items, size, self.asked.seed)
        try:
            rendering = rendered_again(self.told, loaded, base, sample.rows, self.way, progress)
        except AcoustigridError as error:
            self._unchecked(RENDERED, str(error))
            return 0
        self.protocol.deviations += rendering.faults
        if rendering.absent:
            self._unchecked(f"{len(rendering.absent)} sampled items", f"'{rendering.absent[0]}' is not there")
        if not rendering.count:
            return 0
        drawn = f"{rendering.count} items rendered again to the byte"
        if len(sample.rows) < len(items):
            drawn += f" (--seed {sample.seed} draws them again)"
        if not rendering.faults and not rendering.absent:
            drawn += f": {told_bound(sample, len(items))}"
        self.protocol.checks.append(("sample", drawn))
        return rendering.count
