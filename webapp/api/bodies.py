"""The bytes of what is kept, as their reader takes them: whole or a range, plain or packed."""

from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.cache import patch_vary_headers
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse

from exports import packing
from exports.kinds import FILES
from exports.packing import Coding
from exports.shelf import Kept
from webapp.api.negotiating import MOST_AT_ONCE, coding_for
from webapp.api.ranges import ranged
from webapp.api.schema import PROBLEMS

Body = HttpResponse | StreamingHttpResponse

BODIES: dict[Any, Any] = {
    **{(status, kind): OpenApiTypes.BINARY for status in (200, 206) for kind in FILES.values()},
    (302, "text/html"): OpenApiResponse(OpenApiTypes.BINARY, description="The file lies in an object store: go there"),
    304: None,
    (410, "application/problem+json"): OpenApiTypes.OBJECT,
    412: None,
    416: None,
    **PROBLEMS,
}


def body_of(request: HttpRequest, kept: Kept, path: Path, entry: dict[str, Any], coding: Coding | None = None) -> Body:
    """`path` in `coding`, where its reader named that; else as their headers say. `entry` is the manifest's."""
    if coding:
        kind = f"application/{coding.name}"
        return ranged(
            request, packing.packed(kept, path, coding), etag=f"{entry['sha256']}-{coding.name}", content_type=kind
        )
    media = FILES[path.name.partition(".")[2]]
    packs = path.name.endswith(packing.PACKABLE)
    wanted = coding_for(request) if packs and 0 < entry["bytes"] <= MOST_AT_ONCE else None
    if wanted is None:
        answer = ranged(request, path, etag=entry["sha256"], content_type=media)
    else:
        etag = f"{entry['sha256']}-{wanted.name}"
        answer = ranged(request, packing.packed(kept, path, wanted), etag=etag, content_type=media)
        answer["Content-Encoding"] = wanted.name
    if packs:
        patch_vary_headers(answer, ["Accept-Encoding"])
    return answer
