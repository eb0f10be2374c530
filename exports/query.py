"""What a snapshot is asked for. Checked here, at the edge, so that the inside can trust it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from annotation.models.judgement import OVERALL
from annotation.splitting import DEFAULT_FRACTIONS, checked_fractions
from exports import keys
from exports.formats import DEFAULT_FORMATS, FORMATS, Options
from exports.kinds import FILES

MAX_SEED = 2**31 - 1
MAX_CRITERION = 40  # as long as the model's field
IN, OUT, ONLY = "in", "out", "only"


@dataclass(frozen=True)
class Query:
    """One field a key of the query; as it stands here it asks for all current judgements but those of gold tasks."""

    formats: tuple[str, ...] = DEFAULT_FORMATS
    """Names from `exports.formats.FORMATS`, sorted."""
    files: tuple[str, ...] | None = None
    """Kinds of file from `exports.kinds.FILES`; None is each format's own: `jsonl` for most."""
    shard_mb: int = 256
    """A split's Parquet file goes on in another one after about so many megabytes of text."""
    fractions: tuple[float, float, float] = DEFAULT_FRACTIONS
    """Shares of prompt families in train, validation and test."""
    phases: tuple[float, float, float] | None = None
    """Shares of prompt families for SFT, reward model and RL, with no prompt in two (DeepSpeed-Chat); None: no such
    division."""
    seed: int = 0
    """Of the split, the phases, the mixing and the draw of pairs: another seed, another snapshot."""

    projects: tuple[tuple[str, float], ...] | None = None
    """Several projects as one: short names and weights. Prompts are drawn so that they stand to each other as the
    weights do, as many as there are."""
    criterion: str = OVERALL
    """Whose ranks: projects that rank by several criteria have several; there `overall` is the first of them."""
    languages: tuple[str, ...] | None = None
    """Only prompts in these languages; None is any."""
    categories: tuple[str, ...] | None = None
    """Only prompts of these categories; None is any."""
    since: datetime | None = None
    """Only judgements made at this instant or later."""
    until: datetime | None = None
    """Only judgements made before this instant."""
    people: tuple[str, ...] | None = None
    """Only judgements by these people (user names; those of imported people as in their file); None is anybody's."""
    without: tuple[str, ...] | None = None
    """No judgements by these people."""
    machines: str = IN
    """Judgements that came in from files or models, beside those of people who work here: in, out or only."""
    gold: str = OUT
    """Tasks whose right order is known: in, out or only."""
    unsafe: str = IN
    """Groups with an answer that somebody found harmful: in, out or only."""
    demonstrations: str = IN
    """Answers that people wrote, in the formats for supervised fine-tuning: in, out or only."""

    votes: str = "raw"
    """Pairs of each person's order (`raw`), or of all people's one (`consensus`)."""
    reliability: bool = False
    """Votes count by how often their people agree with the others; pairs then carry a `weight`."""
    min_agreement: float = 0.0
    """Only groups whose people order at least this share of pairs alike; with fewer than two people there is none."""
    min_margin: float = 0.0
    """Only pairs that win by at least this: share of votes for, less share against."""
    min_strength: int = 1
    """Only judgements whose stated strength of preference is at least this (1 to 4); above 1 it must be stated."""
    ties: str = "keep"
    """`keep`: K-wise rows have them, pairs do not; `half`: pairs too, once in each direction with weight ½; `drop`:
    nothing has them: of the answers that share a rank one stays."""
    unranked: str = "apart"
    """Answers without a rank: `apart` (in no pair, listed apart), `last` (they share the last place), `drop`."""
    pairs: str = "all"
    """Of a ranking: `all`, `adjacent` (neighbours only), `best` (the best against the rest)."""
    cap: int | None = None
    """At most so many pairs a group, drawn by the seed; None is no limit."""
    best_of: int | None = None
    """SFT rows and trlX samples from the reward model instead of from people: of each prompt's first so many answers
    the one that scores best (rejection sampling); None: what people put first."""
    kto: str = "ranks"
    """What makes an answer wanted in KTO rows: `ranks`, `ratings` or `flags`."""

    text: bool = False
    """Plain strings (see formats/conversation.py) instead of message lists, in the formats that know both."""
    margin: bool = False
    """Preference rows carry `margin`, from the stated strength (Llama 2: 0, ⅓, ⅔, 1; 0 where none is stated)."""
    comments: bool = False
    """Raw rows carry people's free-text comments."""

    def as_dict(self) -> dict[str, Any]:
        """The canonical form: every key, JSON values. It enters the snapshot's hash."""
        return {field.name: _plain(field.name, getattr(self, field.name)) for field in fields(self)}

    def public(self) -> dict[str, Any]:
        """The canonical form as the snapshot's own files carry it: people are counted, not named."""
        listed = {name: len(value) for name in ("people", "without") if (value := getattr(self, name))}
        return {**self.as_dict(), **listed}


READERS: dict[str, keys.Reader] = {
    "formats": keys.names(FORMATS),
    "files": keys.names(FILES),
    "shard_mb": keys.whole(1, 100_000),
    "fractions": lambda name, value: checked_fractions(value),
    "phases": keys.thirds,
    "seed": keys.whole(0, MAX_SEED),
    "projects": keys.weights,
    "criterion": keys.label(MAX_CRITERION),
    "languages": keys.texts,
    "categories": keys.texts,
    "since": keys.instant,
    "until": keys.instant,
    "people": keys.texts,
    "without": keys.texts,
    "machines": keys.choice(IN, OUT, ONLY),
    "gold": keys.choice(IN, OUT, ONLY),
    "unsafe": keys.choice(IN, OUT, ONLY),
    "demonstrations": keys.choice(IN, OUT, ONLY),
    "votes": keys.choice("raw", "consensus"),
    "reliability": keys.flag,
    "min_agreement": keys.share,
    "min_margin": keys.share,
    "min_strength": keys.whole(1, 4),
    "ties": keys.choice("keep", "half", "drop"),
    "unranked": keys.choice("apart", "last", "drop"),
    "pairs": keys.choice("all", "adjacent", "best"),
    "cap": keys.whole(1, 1_000_000),
    "best_of": keys.whole(2, 1_000),
    "kto": keys.choice("ranks", "ratings", "flags"),
    "text": keys.flag,
    "margin": keys.flag,
    "comments": keys.flag,
}


def read(query: object) -> Query:
    """`query` (a JSON object, keys may be missing or null) as a `Query`. Raises `ValueError` with a sentence."""
    if not isinstance(query, Mapping):
        raise ValueError(_("The query must be a JSON object."))
    if unknown := sorted(map(str, set(query) - set(READERS))):
        words = _("The query has no key %(name)s; it knows %(known)s.")
        raise ValueError(words % {"name": f"{unknown[0]!r:.60}", "known": ", ".join(READERS)})
    asked = Query(**{name: READERS[name](name, value) for name, value in query.items() if value is not None})
    _check_together(asked)
    return asked


def normalise(query: object) -> dict[str, Any]:
    """The canonical form of `query`, the same for all ways to ask for the same. Raises `ValueError`."""
    return read(query).as_dict()


def _check_together(asked: Query) -> None:
    if asked.since and asked.until and asked.since >= asked.until:
        raise ValueError(_("since: it must be earlier than until."))
    if both := sorted(set(asked.people or ()) & set(asked.without or ())):
        words = _("without: %(name)s is among people too; leave it out of one of them.")
        raise ValueError(words % {"name": f"{both[0]!r:.60}"})
    if (
        asked.files
        and "csv" in asked.files
        and not any(FORMATS[name].is_flat(Options(text=asked.text)) for name in asked.formats)
    ):
        raise ValueError(
            _(
                "files: none of these formats is a flat table that csv could hold; "
                "ask for text (plain strings) or for a format such as sft or prompts-csv."
            )
        )


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if name == "projects":
        return value and dict(value)
    return list(value) if isinstance(value, tuple) else value
