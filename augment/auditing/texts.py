"""In what groups may differ by what they say, judged by Unicode alone, whatever the language."""

import math
from typing import TYPE_CHECKING

from augment.corpus.texts import as_spoken, wordless
from augment.errors import counted, named
from augment.notes import Effect, Note

if TYPE_CHECKING:
    import polars

UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts that put no spaces between words: each of their letters counts as a word."""
WORD = rf"[{UNSPACED}&&\p{{L}}]|[\p{{L}}\p{{M}}\p{{N}}--[{UNSPACED}]](?:['’\p{{L}}\p{{M}}\p{{N}}--[{UNSPACED}]])*"
MARKS = r"[\p{P}--['’\-]]"
"""Punctuation, except for what occurs inside words."""
MOST_TEXTS = 50_000
"""Texts whose words are counted; if there are more, every second, third or n-th of them in order."""
MOST_WORDS_PER_S = 15.0
"""Most words, or letters of a script without spaces, that anybody can say in a second: the fastest talkers reach 11."""


def text_measures(frame: "polars.DataFrame") -> "polars.DataFrame":
    """What texts may differ in, as numbers that can be averaged; judged by Unicode alone, whatever the language.

    Args:
        frame: Rows with ``text``, and ``length_s`` where it is known.

    Returns:
        The rows with ``spoken`` (the text as it is compared), ``words`` and ``words_per_s`` (binary logarithms),
        ``said`` (binary logarithm of the number of rows with the same text), ``rare`` (share of its words that occur in
        no other text), ``wordless``, ``digits`` and ``marks`` (0 or 1), and ``upper`` (share of capitals among letters
        that have case). What does not apply to a text without words is null.

    Example:
        >>> import polars
        >>> found = text_measures(polars.DataFrame({"text": ["Go on, don't stop!", "42"], "length_s": [2.0, None]}))
        >>> found.select("words", "words_per_s", "digits", "marks").rows()
        [(2.0, 1.0, 0.0, 1.0), (0.0, None, 1.0, 0.0)]
    """
    import polars

    text = polars.col("text").fill_null("")
    kinds = frame.select(text.unique().sort())
    kinds = kinds.with_columns(
        as_spoken(text).alias("spoken"),
        polars.when(polars.Series(wordless(kinds["text"])))
        .then(0)
        .otherwise(text.str.count_matches(WORD))
        .alias("_words"),
    )
    some, cased = polars.col("_words") > 0, text.str.count_matches(r"[\p{Lu}\p{Ll}\p{Lt}]")
    kinds = kinds.with_columns(
        polars.when(some).then(polars.col("_words").log(2)).alias("words"),
        (~some).cast(float).alias("wordless"),
        polars.when(cased > 0).then(text.str.count_matches(r"[\p{Lu}\p{Lt}]") / cased).alias("upper"),
        polars.when(some).then(text.str.contains(r"\p{Nd}").cast(float)).alias("digits"),
        polars.when(some).then(text.str.contains(MARKS).cast(float)).alias("marks"),
    ).join(_rare(kinds), on="spoken", how="left")
    rows = frame.with_columns(text).join(kinds, on="text", how="left", maintain_order="left")
    times = polars.len().over("spoken")
    per_s = polars.when(polars.col("length_s") > 0).then(polars.col("words") - polars.col("length_s").log(2))
    return rows.with_columns(
        polars.when(polars.col("_words") > 0).then(times.log(2)).alias("said"), per_s.alias("words_per_s")
    ).drop("_words")


def pace_notes(said: "polars.DataFrame") -> list[Note]:
    """Notes on texts that nobody can say in the time they have: text or audio belongs to another utterance.

    Args:
        said: As from :func:`text_measures`, with ``id``.
    """
    import polars

    over = said.filter(polars.col("words_per_s") > math.log2(MOST_WORDS_PER_S)).sort("words_per_s", descending=True)
    if not over.height:
        return []
    shown = [
        f"{identity} ({2**octaves:,.0f} a second)" for identity, octaves in over.select("id", "words_per_s").rows()
    ]
    told = f"{counted(over.height, 'utterance has', 'utterances have')} more words than anybody can say in the time"
    remedy = "text and audio do not belong together: mend them, or corpus: {leave_out: [id, ...]}"
    return [Note(f"{told}: {named(shown)}; {remedy}", Effect.LABEL, told, 1.0)]


def _rare(kinds: "polars.DataFrame") -> "polars.DataFrame":
    """Share of the words of each text that occur in no other text."""
    import polars

    texts = kinds.unique("spoken", keep="first", maintain_order=True).filter(polars.col("_words") > 0).sort("spoken")
    texts = texts.gather_every(-(-texts.height // MOST_TEXTS) or 1)
    words = polars.col("text").str.to_lowercase().str.extract_all(WORD).alias("_word")
    numbered = texts.select("spoken", words).with_row_index("_text")
    held = numbered.select("_text", "_word").explode("_word").unique()  # each word with its text's number, not the text
    once = (polars.len().over("_word") == 1).cast(float)
    shares = held.with_columns(once.alias("rare")).group_by("_text").agg(polars.col("rare").mean())
    return numbered.select("_text", "spoken").join(shares, on="_text", how="left").drop("_text")
