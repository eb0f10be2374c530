"""Gold in a file: rankings that are right, and what explains them."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.gold import LONGEST_EXPLANATION, Rows
from annotation.intake.formats import FORMATS, of_object
from annotation.intake.objects import objects
from annotation.intake.rows import BadRow
from annotation.models import Lane

MAX_BYTES = 20 * 2**20
LOOKS = 20


class GoldFileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "LLMBar, PandaLM or hh-rlhf as they are published, or lines of JSON: prompt, responses, ranks (0 is best), "
            "and explanation where you have one."
        ),
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("Use them"),
        choices=[
            (Lane.Purpose.GOLD, gettext_lazy("mixed into the work, unseen")),
            (Lane.Purpose.QUALIFICATION, gettext_lazy("in the qualification round, explained")),
        ],
    )

    def clean_file(self) -> "UploadedFile[Any]":
        file = cast("UploadedFile[Any]", self.cleaned_data["file"])
        if (file.size or 0) > MAX_BYTES:
            raise forms.ValidationError(_("A file of gold has at most %(n)d MB.") % {"n": MAX_BYTES >> 20})
        self.content = file.read()
        self.format = _format(self.content)
        if self.format is None:
            raise forms.ValidationError(_("This is no file of rankings that can be read here."))
        return file

    def rows(self) -> tuple[Rows, dict[int, str]]:
        """The file's rankings, and the explanations by line."""
        assert self.format is not None
        return cast(Rows, FORMATS[self.format].read(BytesIO(self.content))), _explanations(self.content)


def _format(content: bytes) -> str | None:
    """The name of the format of rankings that the first rows look like."""
    for item, _n in zip(objects(BytesIO(content)), range(LOOKS), strict=False):
        if not isinstance(item, BadRow):
            name = of_object(item[1])
            return name if name and FORMATS[name].kind == "comparisons" else None
    return None


def _explanations(content: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    for item in objects(BytesIO(content)):
        if not isinstance(item, BadRow) and (words := _words(item[1])):
            found[item[0]] = words
    return found


def _words(data: Mapping[str, Any]) -> str:
    given = data.get("explanation")
    return given.replace("\0", "")[:LONGEST_EXPLANATION] if isinstance(given, str) else ""
