"""The forms of those who write: a demonstration, a prompt, the review of a prompt; and what their pages show."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation import nearness, writing
from annotation.checking import NotAcceptable
from annotation.models import Assignment, Judgement, Prompt
from webapp.starting import offered
from webapp.workbench.forms import LONGEST_COMMENT, VerdictForm

EXCHANGES = 3  # that the page offers before a prompt; the API takes any number
MOST_COUNTED = 10_000_000
CATEGORIES = 200  # suggested at most


def area(label: Any, rows: int, *, required: bool = False, most: int = writing.LONGEST_TEXT) -> forms.CharField:
    """A text that is kept as it was written."""
    widget = forms.Textarea(attrs={"rows": rows, "dir": "auto", "class": "foreign"})
    return forms.CharField(required=required, strip=False, max_length=most, label=label, widget=widget)


class WritingForm(VerdictForm):
    """What the page counts of typing and pasting; without script it counts nothing, and nothing is recorded."""

    typed = forms.CharField(required=False, max_length=8, widget=forms.HiddenInput)
    pasted = forms.CharField(required=False, max_length=8, widget=forms.HiddenInput)
    largest = forms.CharField(required=False, max_length=8, widget=forms.HiddenInput)

    def counted(self) -> dict[str, int] | None:
        """Characters typed, pasted, and in the largest piece pasted."""
        said = {name: self.cleaned_data[name] for name in ("typed", "pasted", "largest")}
        if not all(value.isdecimal() for value in said.values()):
            return None
        return {name: min(int(value), MOST_COUNTED) for name, value in said.items()}

    def refuse(self, error: NotAcceptable) -> None:
        self.add_error(error.about if error.about in self.fields else None, str(error))


def counted_before(judgement: Judgement) -> dict[str, Any]:
    facts = judgement.facts or {}
    return {name: facts[name] for name in ("typed", "pasted", "largest") if name in facts}


class DemonstrationForm(WritingForm):
    text = area(gettext_lazy("Your answer"), 11)
    started_from = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    comment = area(gettext_lazy("Comment"), 2, most=LONGEST_COMMENT)

    @classmethod
    def of_judgement(cls, assignment: Assignment, judgement: Judgement) -> "DemonstrationForm":
        entered = {
            "text": judgement.edited_text,
            "started_from": judgement.started_from_id,
            "comment": judgement.comment,
            **counted_before(judgement),
        }
        return cls(assignment=assignment, initial=entered)

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if not text.strip():
            raise forms.ValidationError(_("Write the answer first."))
        return text

    def verdict(self) -> writing.Demonstration:
        said = self.cleaned_data
        return writing.Demonstration(
            text=said["text"],
            started_from=said["started_from"],
            comment=said["comment"],
            facts=self.counted(),
            seconds=self.spent(),
        )

    def said(self, verdict: writing.Demonstration) -> str:
        return _("your answer, %(n)d characters") % {"n": len(verdict.text.strip())}


def demonstration_context(form: DemonstrationForm) -> dict[str, Any]:
    start = offered(form.assignment)
    started = str(form["started_from"].value() or "")
    return {
        "title": _("Write the answer"),
        "start": start,
        "started": bool(start and started == str(start.pk)),
    }


def demonstration_summary(judgement: Judgement) -> str:
    return judgement.edited_text[:80]


class PromptForm(WritingForm):
    """A prompt: what the user says last, what was said before, language and category."""

    text = area(gettext_lazy("Your prompt"), 8)
    system = area(gettext_lazy("Instruction to the assistant"), 2)
    category = forms.CharField(
        required=False,
        max_length=writing.LONGEST_CATEGORY,
        label=gettext_lazy("Category"),
        widget=forms.TextInput(attrs={"list": "categories", "dir": "auto", "autocomplete": "off"}),
    )
    different = forms.BooleanField(required=False, label=gettext_lazy("I have read them: mine asks for something else"))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.brief = writing.brief_of(self.assignment)
        self.near: list[nearness.Near] = []
        for number in range(1, EXCHANGES + 1):
            self.fields[f"user_{number}"] = area(_("Person"), 2)
            self.fields[f"assistant_{number}"] = area(_("Assistant"), 2)
        self.fields["category"].initial = self.brief["category"]
        self._add_language()

    def _add_language(self) -> None:
        """Asked for where neither the task nor the project leaves but one."""
        languages = [self.brief["language"]] if self.brief["language"] else self.assignment.project.languages
        if len(languages) > 1:
            self.fields["language"] = forms.ChoiceField(
                choices=[(code, code) for code in languages], label=_("Language")
            )

    @classmethod
    def of_judgement(cls, assignment: Assignment, judgement: Judgement) -> "PromptForm":
        written = judgement.written or {}
        entered = {**_as_fields(written.get("messages", [])), **counted_before(judgement), "different": True}
        labels = {name: written.get(name, "") for name in ("language", "category")}
        return cls(assignment=assignment, initial={**entered, **labels})

    @property
    def exchanges(self) -> list[tuple[Any, Any]]:
        return [(self[f"user_{n}"], self[f"assistant_{n}"]) for n in range(1, EXCHANGES + 1)]

    @property
    def has_before(self) -> bool:
        """Whether anything is said before the prompt, so that it is shown unfolded."""
        before = [self["system"], *(field for exchange in self.exchanges for field in exchange)]
        return any(field.value() or field.errors for field in before)

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        if not self.cleaned_data["text"].strip():
            self.add_error("text", _("Write the prompt first."))
            return self.cleaned_data
        self._check_exchanges()
        if not self.errors:
            self._check_nearness()
        return self.cleaned_data

    def _check_exchanges(self) -> None:
        for number in range(1, EXCHANGES + 1):
            said = [bool(self.cleaned_data[f"{role}_{number}"].strip()) for role in ("user", "assistant")]
            if any(said) and not all(said):
                lacking = "assistant" if said[0] else "user"
                self.add_error(f"{lacking}_{number}", _("Both sides of an exchange say something, or neither does."))

    def _check_nearness(self) -> None:
        self.near = near_copies(self.assignment, self.messages())
        if self.near and not self.cleaned_data["different"]:
            raise forms.ValidationError(
                _("Prompts much like this one are here already: look at them, and say whether yours is different.")
            )

    def messages(self) -> list[dict[str, str]]:
        """The conversation as it is entered, whatever is wrong with it."""
        said = self.cleaned_data
        before = [("system", said.get("system", ""))]
        for number in range(1, EXCHANGES + 1):
            before += [(role, said.get(f"{role}_{number}", "")) for role in ("user", "assistant")]
        kept = [{"role": role, "content": text} for role, text in before if text.strip()]
        return [*kept, {"role": "user", "content": said.get("text", "")}]

    def verdict(self) -> writing.NewPrompt:
        return writing.NewPrompt(
            messages=self.messages(),
            language=self.cleaned_data.get("language", ""),
            category=self.cleaned_data["category"],
            facts=self.counted(),
            seconds=self.spent(),
        )

    def said(self, verdict: writing.NewPrompt) -> str:
        return _("your prompt")


def near_copies(assignment: Assignment, messages: list[dict[str, str]]) -> list[nearness.Near]:
    """Prompts much like this one, the one that was written here before apart."""
    own = Judgement.objects.current().filter(task=assignment.task_id, person=assignment.person_id)
    return nearness.near(
        project=assignment.project, messages=messages, without=list(own.values_list("prompt_id", flat=True))
    )


def _as_fields(messages: list[dict[str, str]]) -> dict[str, str]:
    """A conversation as the form's fields; what has no place in them is left out."""
    *before, last = messages or [{"role": "user", "content": ""}]
    entered = {"text": last["content"]}
    if before and before[0]["role"] == "system":
        entered["system"] = before.pop(0)["content"]
    for place, message in enumerate(before[: 2 * EXCHANGES]):
        entered[f"{message['role']}_{place // 2 + 1}"] = message["content"]
    return entered


def prompt_context(form: PromptForm) -> dict[str, Any]:
    found = Prompt.objects.filter(project=form.assignment.project).exclude(category="")
    categories = found.order_by("category").values_list("category", flat=True).distinct()[:CATEGORIES]
    return {"title": _("Write a prompt"), "brief": form.brief, "near": form.near, "categories": categories}


def prompt_summary(judgement: Judgement) -> str:
    return str(judgement.prompt.get_review_state_display())


class ReviewForm(WritingForm):
    """A prompt that somebody else wrote: take it, take it edited, or not."""

    decision = forms.ChoiceField(
        choices=[
            (Judgement.Decision.ACCEPT, gettext_lazy("Accept it as it is")),
            (Judgement.Decision.EDIT, gettext_lazy("Accept it with my changes")),
            (Judgement.Decision.REJECT, gettext_lazy("Reject it")),
        ],
        widget=forms.RadioSelect,
        label=gettext_lazy("What becomes of this prompt?"),
        error_messages={"required": gettext_lazy("Say what becomes of the prompt.")},
    )
    reason = area(gettext_lazy("Why"), 2, most=writing.LONGEST_REASON)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        prompt = self.assignment.task.prompt
        assert prompt is not None
        self.written = list(prompt.original_messages or prompt.messages)
        for number, message in enumerate(self.written):
            self.fields[f"message_{number}"] = area(ROLE_WORDS[message["role"]], 4)
            self.fields[f"message_{number}"].initial = message["content"]

    @classmethod
    def of_judgement(cls, assignment: Assignment, judgement: Judgement) -> "ReviewForm":
        edited = (judgement.written or {}).get("messages", [])
        entered = {f"message_{number}": message["content"] for number, message in enumerate(edited)}
        said = {"decision": judgement.decision, "reason": judgement.comment}
        return cls(assignment=assignment, initial={**entered, **said, **counted_before(judgement)})

    @property
    def edits(self) -> list[Any]:
        return [self[f"message_{number}"] for number in range(len(self.written))]

    def verdict(self) -> writing.PromptReview:
        said = self.cleaned_data
        edited = said["decision"] == Judgement.Decision.EDIT
        return writing.PromptReview(
            decision=said["decision"],
            messages=self._edited() if edited else None,
            reason=said["reason"],
            facts=self.counted() if edited else None,
            seconds=self.spent(),
        )

    def _edited(self) -> list[dict[str, str]]:
        return [
            {"role": message["role"], "content": self.cleaned_data[f"message_{number}"]}
            for number, message in enumerate(self.written)
        ]

    def said(self, verdict: writing.PromptReview) -> str:
        return str(Judgement.Decision(verdict.decision).label)


ROLE_WORDS = {
    "user": gettext_lazy("Person"),
    "assistant": gettext_lazy("Assistant"),
    "system": gettext_lazy("Instruction"),
}


def review_context(form: ReviewForm) -> dict[str, Any]:
    prompt = form.assignment.task.prompt
    assert prompt is not None
    near = nearness.near(project=form.assignment.project, messages=form.written, without=[prompt.pk])
    return {"title": _("Review a prompt"), "prompt": prompt, "near": near, "messages_shown": form.written}


def review_summary(judgement: Judgement) -> str:
    return str(judgement.get_decision_display())
