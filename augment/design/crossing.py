"""Cards dealt to places so that in every class of places each card occurs equally often, to within one.

A card is whatever the planner deals: a turn of the rotation, a noise segment, a position in a room. A place is what it
is dealt to, an utterance or a block; its classes are its speaker, its text, its conditions. How often each card is
dealt in all is given and never changes; places only exchange cards.

Two families of classes, such as speakers and texts, can always be served exactly. Take two cards and the places that
hold one of them; pair these places within each class of the one family, then within each class of the other. Pairs of
the two kinds alternate along paths and along cycles of even length, so the two cards can be made to alternate as well:
in every class, all places but at most one are then in pairs that hold one card each (Euler's argument for equitable
edge colourings of bipartite graphs, de Werra, 1971). More than two families, such as the speakers of many groups who
share blocks, may contradict one another; then places exchange cards as long as that makes the classes more even (tabu
search, Glover, 1989), for a number of steps that depends only on the size of the problem.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.streams import generator

Whole = NDArray[np.int64]

NONE = -1
"""The class of a place that is in no class of a family."""
MOST_STEPS, LEAST_STEPS = 3000, 300
"""How many exchanges are tried: a fraction of a second."""
WORK = 20_000_000
"""Places times classes that are looked at for these exchanges in all."""
MOST_OTHERS = 1000
"""How many places are considered for an exchange with one place; the best of them is taken."""
PATIENCE = 20
"""Number of exchanges after which classes that are still uneven begin to weigh more."""
MUST = 8
"""How much more, at the start, a class that must be even weighs than one that may be."""
MOST_CARDS, MOST_COUNTS = 500, 1_000_000
"""Most cards, and most cards times classes, for which exchanges are tried."""
MOST_SPLITS = 20_000
"""Most pairs of cards that are dealt anew between the classes of two families."""


@dataclass(frozen=True)
class Places:
    """What cards are dealt to.

    A family of classes gives the class of every place, shape (n,), from 0 on; ``NONE`` where a place is in none.

    Attributes:
        hands: For each place a number, shape (n,): only places of one hand exchange cards.
        chains: Two families, or chains of families, that are served exactly unless others forbid it; each family of a
            chain puts together what the one before it keeps apart, as groups do with speakers.
        must: Families that take precedence.
        may: Families that are served where it costs those nothing.
    """

    hands: Whole
    chains: tuple[tuple[Whole, ...], ...]
    must: tuple[Whole, ...]
    may: tuple[Whole, ...] = ()


def distinct(families: Iterable[Whole]) -> tuple[Whole, ...]:
    """Families that put any places together, each partition only once.

    What is dealt then depends on the partition alone, and not on the names of classes or on their order.

    Example:
        >>> one, same, alone = np.array([4, 4, 2]), np.array([0, 0, 1]), np.array([0, 1, 2])
        >>> [family.tolist() for family in distinct([one, same, alone])]
        [[0, 0, 1]]
    """
    plain = [_plain(family) for family in families]
    kept = {family.tobytes(): family for family in plain if np.bincount(family + 1)[1:].max(initial=0) > 1}
    return tuple(kept[key] for key in sorted(kept))


def _plain(family: Whole) -> Whole:
    """The same classes, numbered in order of appearance."""
    numbers: dict[int, int] = {}
    plain = [c if c < 0 else numbers.setdefault(c, len(numbers)) for c in family.tolist()]
    return np.array(plain, dtype=np.int64)


def _classes(family: Whole) -> int:
    return int(family.max(initial=NONE)) + 1


@dataclass(frozen=True)
class Cards:
    """What is dealt.

    Attributes:
        number: How many different cards there are.
        brings: Which features each card brings, shape (cards, features), 1 or 0, as a turn of a rotation brings several
            conditions; None where each card is its own feature. Features are what should occur equally often.
    """

    number: int
    brings: Whole | None = None

    @property
    def features(self) -> Whole:
        """Which features each card brings, shape (cards, features)."""
        return np.eye(self.number, dtype=np.int64) if self.brings is None else self.brings

    def counts(self, family: Whole, dealt: Whole) -> Whole:
        """How often each class of a family has each feature, shape (classes, features)."""
        inside = family >= 0
        size = _classes(family) * self.number
        by_card = np.bincount(family[inside] * self.number + dealt[inside], minlength=size)[:size]
        table = by_card.reshape(_classes(family), self.number)
        return table if self.brings is None else table @ self.brings

    def uneven(self, family: Whole, dealt: Whole) -> int:
        """Largest excess over 1 of the differences between counts within one class; 0 is as even as possible."""
        if self.brings is not None:
            counts = self.counts(family, dealt)
            return max(0, int((counts.max(axis=1) - counts.min(axis=1)).max()) - 1) if counts.size else 0
        # Only combinations that occur are counted: classes times cards may not fit into memory.
        inside = family >= 0
        met, often = np.unique(family[inside] * self.number + dealt[inside], return_counts=True)
        if not met.size:
            return 0
        _, first, kinds = np.unique(met // self.number, return_index=True, return_counts=True)
        least = np.where(kinds == self.number, np.minimum.reduceat(often, first), 0)
        return max(0, int((np.maximum.reduceat(often, first) - least).max()) - 1)


def dealt_in_turns(number: int, places: Places, name: Sequence[str | int]) -> Whole:
    """Deal cards in turns: none comes a second time before all have come, and then as evenly as possible.

    Args:
        number: How many cards there are.
        places: What they are dealt to, in their order, all of one hand.
        name: Name of the random stream; its last part is added here.

    Returns:
        The card of every place, shape (n,). If no card comes twice, that of a place depends on the name only.

    Example:
        >>> pairs = np.arange(6) // 2
        >>> places = Places(np.zeros(6, dtype=np.int64), ((pairs,),), (pairs,))
        >>> found = dealt_in_turns(2, places, (1, "deal"))
        >>> [sorted(found[pairs == pair].tolist()) for pair in range(3)]
        [[0, 1], [0, 1], [0, 1]]
    """
    size = places.hands.size
    turns = [generator(*name, turn).permutation(number) for turn in range(-(-size // number))]
    start = np.concatenate([np.zeros(0, dtype=np.int64), *turns])[:size]
    return start if len(turns) < 2 else dealt_evenly(Cards(number), start, places, generator(*name, "exchange"))


def dealt_evenly(cards: Cards, start: Whole, places: Places, random: np.random.Generator) -> Whole:
    """Exchange cards between places until every class has each feature equally often, or as nearly as can be found.

    Args:
        cards: What is dealt.
        start: The card of every place to begin with, shape (n,); nothing moves if it is even. Within a hand, no card
            may come twice more often than another.
        places: What they are dealt to.
        random: Breaks ties.

    Returns:
        The card of every place, shape (n,); as many of each card in every hand as before.

    Example:
        >>> speakers, texts = np.arange(16) // 4, np.arange(16) % 4
        >>> places = Places(np.zeros(16, dtype=np.int64), ((speakers,), (texts,)), (speakers, texts))
        >>> found = dealt_evenly(Cards(4), np.arange(16) % 4, places, np.random.default_rng(1))
        >>> [Cards(4).counts(family, found).tolist() == np.ones((4, 4)).tolist() for family in places.must]
        [True, True]
    """
    must, may = distinct(places.must), distinct(places.may)
    if not any(cards.uneven(family, start) for family in (*must, *may)):
        return start
    found = start.copy()
    for hand in np.unique(places.hands):
        inside = np.flatnonzero(places.hands == hand)
        chains = [[_plain(family[inside]) for family in chain] for chain in places.chains]
        found[inside] = _Split(chains, found[inside]).done()
    for families in ((must, ()), (must, may)) if may else ((must, ()),):
        classes = sum(_classes(family) for part in families for family in part)
        small = classes * cards.number <= MOST_COUNTS and cards.number <= MOST_CARDS
        if small and any(cards.uneven(family, found) for part in families for family in part):
            found = _Exchange(cards, found, places.hands, families, random).done()
    return found


class _Split:
    """Two chains of families served exactly, two cards at a time."""

    def __init__(self, chains: Sequence[Sequence[Whole]], dealt: Whole) -> None:
        self.dealt = dealt
        self.chains = [[*chain, np.zeros_like(dealt)] for chain in chains]
        self.cards = int(dealt.max()) + 1

    def done(self) -> Whole:
        """The cards, after as many splits as are needed."""
        left = MOST_SPLITS
        moved = True
        while moved and left > 0:
            moved = False
            for family in (family for chain in self.chains for family in chain[:-1]):
                for one, other in self._contrasts(family):
                    self._split(one, other)
                    moved, left = True, left - 1
        return self.dealt

    def _contrasts(self, family: Whole) -> Iterator[tuple[int, int]]:
        """The most and the least frequent card of each class in which these differ by more than one."""
        inside = family >= 0
        for members in _members(family[inside], np.flatnonzero(inside)):
            counts = np.bincount(self.dealt[members], minlength=self.cards)
            one, other = int(counts.argmax()), int(counts.argmin())
            if counts[one] - counts[other] > 1:
                yield one, other

    def _split(self, one: int, other: int) -> None:
        places = np.flatnonzero((self.dealt == one) | (self.dealt == other)).tolist()
        ones = int(np.count_nonzero(self.dealt == one))
        partners = [_partners(places, chain) for chain in self.chains]
        if len(partners) == 1:
            partners.append({})
        # An odd number of places makes a path whose two ends hold the same card: the one of which there is one more.
        first, second = (one, other) if 2 * ones >= len(places) else (other, one)
        seen: set[int] = set()
        ends = [place for place in places if place not in partners[0]] + [p for p in places if p not in partners[1]]
        for start in [*ends, *places]:
            place: int | None = start
            turn = 0 if start not in partners[0] else 1
            card = first
            while place is not None and place not in seen:
                seen.add(place)
                self.dealt[place] = card
                card = second if card == first else first
                turn = 1 - turn
                place = partners[turn].get(place)


def _members(classes: Whole, places: Whole) -> list[Whole]:
    order = np.argsort(classes, kind="stable")
    cuts = np.flatnonzero(np.diff(classes[order])) + 1
    return np.split(places[order], cuts) if places.size else []


def _partners(places: Sequence[int], chain: Sequence[Whole]) -> dict[int, int]:
    """Pairs of places within the narrowest classes first, then of those left over within wider ones."""
    partner: dict[int, int] = {}
    free = list(places)
    for family in chain:
        waiting: dict[int, int] = {}
        apart = []
        for place in free:
            kind = int(family[place])
            if kind < 0:
                apart.append(place)
            elif kind in waiting:
                other = waiting.pop(kind)
                partner[place], partner[other] = other, place
            else:
                waiting[kind] = place
        free = sorted([*apart, *waiting.values()])
    return partner


class _Exchange:
    """Many families, served as well as exchanges of two cards allow.

    Minimises the sum of the squares of all counts, which is least where every class is even. Classes that stay uneven
    weigh more and more (Morris, 1993: the breakout method).
    """

    def __init__(
        self,
        cards: Cards,
        dealt: Whole,
        hands: Whole,
        families: tuple[Sequence[Whole], Sequence[Whole]],
        random: np.random.Generator,
    ) -> None:
        self.dealt, self.hands, self.random, self.features = dealt.copy(), hands, random, cards.features
        self.plain = cards.brings is None  # each card is its own feature
        every = [family for part in families for family in part]
        starts = np.cumsum([0, *(_classes(family) for family in every)])
        nobody = int(starts[-1])  # stands for the class of places that are in none
        shifted = [np.where(f == NONE, nobody, f + s) for f, s in zip(every, starts[:-1], strict=True)]
        self.of = np.stack(shifted, axis=1)
        self.inside: dict[int, Whole] = {}  # the places of each class that was looked at
        self.must = int(starts[len(families[0])])
        # Squared step from card to card as (a - b)^2 = a^2 + b^2 - 2 a b, which needs no third dimension in memory.
        shared = self.features @ self.features.T
        self.size = np.diag(shared)[:, None] + np.diag(shared)[None, :] - 2 * shared
        self.counts = np.zeros((nobody + 1, self.features.shape[1]), dtype=np.int64)
        for column in self.of.T:
            np.add.at(self.counts, column, self.features[self.dealt])
        self.counts[nobody] = 0
        self.weight = np.where(np.arange(nobody + 1) < self.must, MUST, 1)
        self.weight[nobody] = 0
        self.over, self.squares = np.zeros(nobody + 1, dtype=np.int64), np.zeros(nobody + 1, dtype=np.int64)
        self._told(np.arange(nobody + 1))

    def done(self) -> Whole:
        """The most even deal that was found: judged by what must be even first, then by everything."""
        best, least = self.dealt.copy(), self._badness()
        rest = np.zeros(self.dealt.size, dtype=np.int64)  # the step until which a place must keep its card
        looked = min(len(self.of), MOST_OTHERS) * self.of.shape[1] + self.counts.size
        for step in range(max(LEAST_STEPS, min(MOST_STEPS, WORK // looked))):
            uneven = np.flatnonzero(self.over > 0)
            if not uneven.size:
                return self.dealt
            self._move(int(uneven[self.random.integers(uneven.size)]), step, rest)
            if (now := self._badness()) < least:
                best, least = self.dealt.copy(), now
            elif step % PATIENCE == PATIENCE - 1:
                self.weight[self.over > 0] += 1
        return best

    def _told(self, classes: Whole) -> None:
        """Keep in mind of some classes how uneven they are, and the squares of their counts."""
        counts = self.counts[classes]
        self.over[classes] = counts.max(axis=1) - counts.min(axis=1) - 1
        self.squares[classes] = (counts * counts).sum(axis=1)

    def _badness(self) -> tuple[int, int, int]:
        over = np.maximum(self.over, 0)
        return int(over[: self.must].sum()), int(over.sum()), int(self.squares.sum())

    def _move(self, uneven: int, step: int, rest: Whole) -> None:
        """Rid an uneven class of one of its most frequent features, by the best exchange with another place."""
        often = np.asarray(self.counts[uneven] == self.counts[uneven].max())
        if uneven not in self.inside:
            self.inside[uneven] = np.flatnonzero((self.of == uneven).any(axis=1))
        inside = self.inside[uneven]
        brings = often if self.plain else np.asarray(self.features[:, often].any(axis=1))
        rich = inside[brings[self.dealt[inside]]]
        place = int(rich[self.random.integers(rich.size)])
        free = (self.hands == self.hands[place]) & (self.dealt != self.dealt[place]) & (rest <= step)
        others = np.flatnonzero(free)
        if others.size > MOST_OTHERS:
            others = others[self.random.integers(others.size, size=MOST_OTHERS)]
        if others.size:
            growth = self._growth(place, others)
            equal = others[growth == growth.min()]
            other = int(equal[self.random.integers(equal.size)])
            self._exchange(place, other)
            rest[[place, other]] = step + 3 + self.random.integers(10, size=2)

    def _growth(self, place: int, others: Whole) -> Whole:
        """Growth of the sum of squares if a place exchanges its card with each of some others, shape (others,).

        A class whose counts n change by d gains (n + d)^2 - n^2 = 2 n d + d^2; one that holds both places gains
        nothing.
        """
        own, cards, of = int(self.dealt[place]), self.dealt[others], self.of[others]
        mine = self.of[place]
        if self.plain:
            along, at, there = self.counts, mine, of
        else:  # by class and card: n times what the card brings
            met, row = np.unique(np.concatenate([mine[None, :], of]), return_inverse=True)
            row = row.reshape(-1, mine.size)
            along, at, there = self.counts[met] @ self.features.T, row[0], row[1:]
        # Of the same size for either class: the square of the step from card to card.
        size = self.size[own, cards][:, None]
        taken = 2 * (along[at][:, cards].T - along[at, own]) + size
        given = 2 * (along[there, own] - along[there, cards[:, None]]) + size
        weighed = taken * self.weight[mine] + given * self.weight[of]
        return np.asarray(np.einsum("ij,ij->i", of != mine, weighed))

    def _exchange(self, one: int, other: int) -> None:
        step = self.features[self.dealt[other]] - self.features[self.dealt[one]]
        self.counts[self.of[one]] += step  # a place is in one class of each family, and in no class twice
        self.counts[self.of[other]] -= step
        self.counts[-1] = 0
        self.dealt[[one, other]] = self.dealt[[other, one]]
        self._told(np.concatenate([self.of[one], self.of[other]]))
