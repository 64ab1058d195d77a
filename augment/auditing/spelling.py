"""Label values that probably mean the same: they differ in case, spaces or punctuation, or are misspelled."""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import groupby

from augment.corpus.table import Corpus, label_column
from augment.errors import flow_text
from augment.notes import Effect, Note

RARER = 10
MOST_VALUES = 2000
"""A label with more values than this is a name or a number: typing errors are not looked for."""
SHORTEST_WORD = 5
YES = frozenset({"true", "1", "yes", "y", "t"})
NO = frozenset({"false", "0", "no", "n", "f"})
KNOWN_WORDS = frozenset(
    """
    afghan african afrikaans albanian algerian american amharic andalusian angolan arab arabic aramaic
    argentinian armenian asian assamese assyrian asturian australian austrian azerbaijani bahraini balinese
    baluchi bambara bangladeshi bantu barbadian bashkir basque bavarian belarusian belgian belizean bengali
    berber bermudian bhojpuri bhutanese bolivian bosnian brazilian breton british briton bulgarian burmese
    burundian cambodian cameroonian canadian cantonese caribbean catalan cebuano central chadian chechen chilean
    chinese chuvash colombian congolese cornish corsican creole croatian cuban cypriot czech dagestani danish
    dari dominican dravidian dutch eastern ecuadorian egyptian english eritrean estonian ethiopian european
    fijian filipino finnish flemish french frisian fulani gaelic galician gambian georgian german ghanaian greek
    guarani guatemalan guianan guinean gujarati guyanese haitian hakka hausa hawaiian hebrew hindi hispanic
    hmong honduran hungarian iberian icelandic igbo ilocano indian indonesian iranian iraqi irish israeli
    italian ivorian jamaican japanese javanese jordanian kannada kashmiri kazakh kenyan khmer kikuyu kinyarwanda
    kirundi konkani korean kosovan kurdish kuwaiti kyrgyz laotian latin latvian lebanese liberian libyan
    ligurian lingala lithuanian luganda luxembourgish macedonian maithili malagasy malawian malay malayalam
    maldivian malian maltese mandarin manx maori marathi martinican mauritanian mauritian mayan mexican midland
    moldovan mongolian montenegrin moroccan mozambican namibian native nepalese nepali nicaraguan nigerian
    nigerien northern norwegian occitan omani oriya pakistani palestinian panamanian paraguayan parisian pashto
    persian peruvian polish polynesian portuguese punjabi quechua romani romanian romansh rural russian rwandan
    salvadoran samoan sardinian saudi scandinavian scots scottish senegalese serbian sesotho shona siberian
    sicilian sindhi singaporean sinhala sinhalese slavic slovak slovakian slovene slovenian somali somalian
    sorbian southern spanish sudanese sundanese surinamese swahili swazi swedish swiss syrian tagalog tahitian
    taiwanese tajik tamil tanzanian tatar telugu thai tibetan tigrinya togolese tongan trinidadian tswana
    tunisian turkish turkmen tuscan twi ugandan ukrainian urban urdu uruguayan uyghur uzbek valencian vanuatuan
    venetian venezuelan vietnamese walloon welsh western wolof xhosa yemeni yiddish yoruba zambian zimbabwean
    zulu
    """.split()  # noqa: SIM905 - a list of 270 quoted words fills five screens
)
"""Words for accents and languages: none of them is a misspelling of another, however close (Javanese, Japanese)."""


def spelling_notes(corpus: Corpus, labels: Iterable[str]) -> list[Note]:
    """Values of labels that probably mean the same, with the line of a recipe that merges them.

    Args:
        corpus: The corpus.
        labels: Names of labels to check; those that the corpus does not have are skipped.

    Returns:
        At most three sentences for each label.
    """
    notes = []
    for label in labels:
        if label not in corpus.labels:
            continue
        counts = corpus.frame[label_column(label)].drop_nulls().value_counts().rows()
        found = {str(value): int(count) for value, count in counts}
        spelled, misspelled = alike(found)
        if spelled:
            what = "that differ in case, spaces or signs only, and counts each as a value of its own"
            notes.append(_note(label, what, spelled, Effect.CONFOUNDED))
        if misspelled:
            notes.append(_note(label, "that are probably misspelled", misspelled))
        if twins := truth_twins(found):
            notes.append(_note(label, "that are probably one answer in two spellings", twins))
    return notes


def _note(label: str, what: str, mapping: Mapping[str, str], effect: Effect = Effect.LABEL) -> Note:
    """A note; two spellings of one value split a group in two, which comes before all that they then differ in."""
    shown = ", ".join(f"{flow_text(value)}: {flow_text(meant)}" for value, meant in sorted(mapping.items()))
    told = f"{label} has values {what}; to make them one: corpus: {{labels: {{{flow_text(label)}: {{{shown}}}}}}}"
    size = math.inf if effect is Effect.CONFOUNDED else 0.0
    return Note(told, effect, f"{label}: values that are probably one: {shown}", size)


def truth_twins(counts: Mapping[str, int]) -> dict[str, str]:
    """Which values of a yes-or-no label say it differently from the most frequent ones.

    Args:
        counts: Number of rows with each value.

    Example:
        >>> truth_twins({"true": 5, "1": 2, "false": 3, "no": 1}), truth_twins({"true": 5, "1": 2, "2": 3})
        ({'1': 'true', 'no': 'false'}, {})
    """
    if not all(value.casefold() in YES | NO for value in counts):
        return {}
    twins: dict[str, str] = {}
    for answer in (YES, NO):
        said = sorted((v for v in counts if v.casefold() in answer), key=lambda value: (-counts[value], value))
        twins |= {value: said[0] for value in said[1:] if value.casefold() != said[0].casefold()}
    return twins


def alike(counts: Mapping[str, int]) -> tuple[dict[str, str], dict[str, str]]:
    """Which values of a label probably mean another one.

    A value counts as misspelled if one of its words is not a known word for an accent or language and is one slip (a
    letter added, dropped, replaced or swapped with the next, or letters doubled) away from a word of at least five
    letters with the same beginning, and the whole value is ten times rarer. This is meant to leave alone whatever may
    be a group of its own.

    Args:
        counts: Number of rows with each value.

    Returns:
        Two mappings from a value to the one that is meant: values that differ only in case, spaces, accents and
        punctuation (the more frequent one is meant); and values that are probably misspelled.

    Example:
        >>> alike({"Scottish": 50, "scottish": 2, "Scotish": 3, "Irish": 9, "Northern Irish": 1})
        ({'scottish': 'Scottish'}, {'Scotish': 'Scottish'})
        >>> alike({"Australian": 300, "Austrian": 1, "Japanese": 100, "Javanese": 2})
        ({}, {})
    """
    by_key = sorted(counts, key=lambda value: (_key(value), -counts[value], value))
    spelled: dict[str, str] = {}
    meant: dict[str, str] = {}  # by key
    total: dict[str, int] = {}
    for key, values in ((key, list(group)) for key, group in groupby(by_key, key=_key)):
        meant[key], total[key] = values[0], sum(counts[value] for value in values)
        spelled |= dict.fromkeys(values[1:], values[0])
    misspelled = {}
    words = {key: key.split() for key in total}
    frequent = sorted(total, key=lambda key: (-total[key], key)) if len(total) <= MOST_VALUES else []
    for key in frequent:
        right = next(
            (c for c in frequent if total[c] >= RARER * total[key] and _one_slip(words[key], words[c])),
            None,
        )
        if right is not None:
            misspelled[meant[key]] = meant[right]
            spelled |= {value: meant[right] for value, to in list(spelled.items()) if to == meant[key]}
    return spelled, misspelled


def _key(value: str) -> str:
    """A value without case, accents, spaces and punctuation; its words stay apart."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", value) if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", plain.casefold().replace("_", " "))) or value


def _one_slip(words: list[str], right: list[str]) -> bool:
    """Whether exactly one word differs, by one slip."""
    if len(words) != len(right):
        return False
    pairs = [(a, b) for a, b in zip(words, right, strict=True) if a != b]
    if len(pairs) != 1:
        return False
    found, meant = pairs[0]
    if found in KNOWN_WORDS or min(len(found), len(meant)) < SHORTEST_WORD or found[0] != meant[0]:
        return False
    if any(c.isdigit() for c in found + meant):
        return False
    return _near(_undoubled(found), _undoubled(meant))


def _undoubled(word: str) -> str:
    return "".join(letter for letter, _ in groupby(word))


def _near(one: str, other: str) -> bool:
    """Whether two words are equal except for one letter that is added, dropped, replaced or swapped with the next."""
    if len(one) > len(other):
        one, other = other, one
    if one == other:
        return True
    if len(other) - len(one) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    exchanged = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return exchanged or one[at + 1 :] == other[at + 1 :]
