"""One prompt with three answers, judged by two people: the record behind the golden files."""

from exports.formats import Options
from exports.record import Record, Response, Verdict

OPTIONS = Options(harms=("privacy_violation", "hate"), severities=("minor", "severe"))

HOSTILE = '<script>alert(1)</script>\r\nline\u2028paragraph\u2029next\u0085"quote" \\ \t=cmd|0 \u202eright 🙃'


def answer(name: str, text: str) -> Response:
    return Response(id=name * 64, text=text, model="tiny", parameters={"top_p": 0.9, "temperature": 0.7})


def verdict(annotator: str, ranks: list[int | None], **facts: object) -> Verdict:
    empty: dict[str, object] = {"strength": None, "all_bad": False, "edited_text": "", "seconds": None}
    ratings: list[dict[str, object]] = [{"helpfulness": 5}, {}, {}]
    flags: list[dict[str, object]] = [{}, {}, {"toxic": True}]
    empty |= {"ratings": ratings, "flags": flags, "categories": [{}, {}, {"privacy_violation": "minor"}]}
    return Verdict(annotator=annotator, ranks=ranks, **{**empty, **facts})  # type: ignore[arg-type]


def record(**facts: object) -> Record:
    fields: dict[str, object] = {
        "prompt_id": "f" * 64,
        "family": "tree-1",
        "messages": [
            {"role": "user", "content": "Name a colour."},
            {"role": "assistant", "content": "Blue."},
            {"role": "user", "content": "Another one, please."},
        ],
        "language": "en",
        "category": "open question",
        "source": "examples",
        "responses": [answer("a", "Red."), answer("b", HOSTILE), answer("c", "No.")],
        "verdicts": [verdict("p1", [0, 1, 1], strength=3, seconds=12.5), verdict("p2", [0, 1, None])],
        **facts,
    }
    return Record(**fields)  # type: ignore[arg-type]


def example(name: str) -> Record:
    """The record behind the format's golden file: the one above, but where the format needs what it has not."""
    if name != "stepwise":
        return record()
    flags: list[dict[str, object]] = [{"step_1": True, "step_2": False}, {}, {}]
    proof = [answer("a", "Two and two are four.\n\nSo five is six.\n\nDone."), answer("b", "No."), answer("c", "?")]
    return record(responses=proof, verdicts=[verdict("p1", [0, 1, 2], flags=flags)])
