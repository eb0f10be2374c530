from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from exports.formats import DEFAULT_FORMATS, FORMATS
from exports.kinds import FILES
from exports.query import MAX_SEED, normalise


class WordsField(forms.CharField):
    """Words with commas between, as a list; None where there are none."""

    def clean(self, value: Any) -> list[str] | None:
        words = [word.strip() for word in super().clean(value).replace("，", ",").split(",")]
        return [word for word in words if word] or None


def percent_field(label: Any, initial: int) -> forms.DecimalField:
    return forms.DecimalField(label=label, min_value=0, max_value=100, decimal_places=2, initial=initial)


def which_field(label: Any, initial: str) -> forms.ChoiceField:
    choices = [("in", _("in")), ("out", _("out")), ("only", _("only these"))]
    return forms.ChoiceField(label=label, choices=choices, initial=initial, required=False)


def choice_field(label: Any, **choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=list(choices.items()), required=False)


def share_field(label: Any) -> forms.FloatField:
    return forms.FloatField(label=label, min_value=0, max_value=1, required=False, help_text=_("From 0 to 1."))


class FreezeForm(forms.Form):
    """What a snapshot holds; `query` is what `exports.query` reads."""

    formats = forms.MultipleChoiceField(
        label=_("Formats"),
        choices=[(name, name) for name in FORMATS],
        initial=DEFAULT_FORMATS,
        widget=forms.CheckboxSelectMultiple,
    )
    train = percent_field(_("Train, %"), 90)
    validation = percent_field(_("Validation, %"), 5)
    test = percent_field(_("Test, %"), 5)
    seed = forms.IntegerField(
        label=_("Seed of the split"),
        min_value=0,
        max_value=MAX_SEED,
        initial=0,
        help_text=_("Another seed, another split."),
    )
    languages = WordsField(label=_("Only these languages"), required=False, max_length=200)
    categories = WordsField(label=_("Only these categories"), required=False, max_length=1000)
    since = forms.DateField(
        label=_("Judged on or after"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(label=_("Judged before"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    kinds = forms.MultipleChoiceField(  # the form's own `files` is its instances'
        label=_("Kinds of file"),
        choices=[(name, name) for name in FILES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: each format's own, JSON lines for most."),
    )
    text = forms.BooleanField(label=_("Plain strings instead of message lists"), required=False)
    margin = forms.BooleanField(label=_("Pairs carry a margin, from the stated strength"), required=False)
    comments = forms.BooleanField(label=_("Raw rows carry people's comments"), required=False)
    projects = forms.CharField(
        label=_("Mix projects"),
        required=False,
        max_length=2000,
        help_text=_("Short names and weights, as in: poems 2, letters 1"),
    )
    criterion = forms.CharField(label=_("Criterion"), required=False, max_length=40)
    people = WordsField(label=_("Only judgements by"), required=False, max_length=2000, help_text=_("User names."))
    without = WordsField(label=_("No judgements by"), required=False, max_length=2000)
    gold = which_field(_("Gold tasks"), "out")
    machines = which_field(_("Imported judgements"), "in")
    unsafe = which_field(_("Groups with a harmful answer"), "in")
    demonstrations = which_field(_("Answers that people wrote, for SFT"), "in")
    votes = choice_field(_("Pairs come from"), raw=_("each person's order"), consensus=_("all people's consensus"))
    reliability = forms.BooleanField(label=_("People count by how often others agree with them"), required=False)
    min_agreement = share_field(_("Least agreement in a group"))
    min_margin = share_field(_("Least margin of votes of a pair"))
    min_strength = forms.IntegerField(label=_("Least stated strength"), min_value=1, max_value=4, required=False)
    ties = choice_field(
        _("Ties"), keep=_("in K-wise rows only"), half=_("also as pairs of half weight"), drop=_("nowhere")
    )
    unranked = choice_field(
        _("Answers without a rank"), apart=_("listed apart"), last=_("share the last place"), drop=_("left out")
    )
    pairs = choice_field(
        _("Pairs of a ranking"), all=_("all"), adjacent=_("neighbours only"), best=_("the best against the rest")
    )
    cap = forms.IntegerField(label=_("Pairs a group at most"), min_value=1, required=False)
    best_of = forms.IntegerField(
        label=_("SFT: the best of so many by the reward model"), min_value=2, max_value=1000, required=False
    )
    kto = choice_field(_("KTO: wanted by"), ranks=_("ranks"), ratings=_("ratings"), flags=_("flags"))
    phases = forms.CharField(
        label=_("Three phases apart, %"),
        required=False,
        max_length=40,
        help_text=_("Shares of prompts for SFT, reward model and RL, as in: 20, 40, 40"),
    )

    query: dict[str, Any]

    @property
    def folded(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """What few change, by what it is about."""
        groups = {
            _("Whose judgements, which groups"): "people without gold machines unsafe demonstrations min_agreement",
            _("From rankings to rows"): "votes reliability pairs cap ties unranked min_margin min_strength criterion "
            "best_of kto",
            _("How rows are written"): "kinds text margin comments",
        }
        return [(title, [self[name] for name in names.split()]) for title, names in groups.items()]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if self.errors:
            return found
        try:
            self.query = normalise(_query(found))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return found


SAME = (
    *("formats", "seed", "languages", "categories", "criterion", "people", "without", "text", "margin"),
    *("comments", "gold", "machines", "unsafe", "demonstrations", "votes", "reliability", "min_agreement"),
    *("min_margin", "min_strength", "ties", "unranked", "pairs", "cap", "best_of", "kto"),
)


def _query(found: dict[str, Any]) -> dict[str, Any]:
    same = {name: None if found[name] in ("", []) else found[name] for name in SAME}
    dates = {name: found[name] and found[name].isoformat() for name in ("since", "until")}
    return {
        **same,
        **dates,
        "files": found["kinds"] or None,
        "fractions": [float(found[name]) / 100 for name in ("train", "validation", "test")],
        "projects": _mix(found["projects"]),
        "phases": _phases(found["phases"]),
    }


def _mix(text: str) -> dict[str, float] | None:
    """`poems 2, letters 1` as names and weights."""
    found = {}
    for part in filter(None, (part.strip() for part in text.replace("，", ",").split(","))):
        name, _space, weight = part.rpartition(" ")
        try:
            found[name.strip()] = float(weight)
        except ValueError:
            raise ValueError(_("Mix projects: write short names and weights, as in: poems 2, letters 1.")) from None
    return found or None


def _phases(text: str) -> list[float] | None:
    try:
        return [float(part) / 100 for part in text.replace("，", ",").split(",")] if text.strip() else None
    except ValueError:
        raise ValueError(_("Three phases: write three shares, as in: 20, 40, 40.")) from None
