"""The OpenAPI document as a page: rendered here, so that it needs no script and works under our CSP."""

import json
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")


def browse(request: HttpRequest) -> HttpResponse:
    """Every call with its parameters, body and answers."""
    return render(request, "api/docs.html", {"calls": calls()})


@lru_cache(maxsize=1)
def calls() -> list[dict[str, Any]]:
    """One entry an operation, in the order of the URL table."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return [
        _call(path, method, operation, schema["components"]["schemas"])
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    ]


def _call(path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {})
    first, _, rest = operation.get("description", "").partition("\n\n")
    return {
        "path": path,
        "method": method.upper(),
        "anchor": operation["operationId"],
        "summary": operation.get("summary") or " ".join(first.split()),
        "description": operation.get("description", "") if operation.get("summary") else rest.strip(),
        "parameters": operation.get("parameters", []),
        "body": _shape(body, schemas),
        "body_types": list(body),
        "answers": [
            _answer(status, answer, schemas) for status, answer in operation["responses"].items() if status < "4"
        ],
    }


def _answer(status: str, answer: dict[str, Any], schemas: dict[str, Any]) -> dict[str, str]:
    shape = _shape(answer.get("content", {}), schemas)
    return {"status": status, "description": answer.get("description", ""), "shape": shape}


def _shape(content: dict[str, Any], schemas: dict[str, Any]) -> str:
    for media in content.values():
        schema = media.get("schema", {})
        name = schema.get("$ref", "").rpartition("/")[2]
        return json.dumps(_named(schemas.get(name, schema), schemas), indent=2, ensure_ascii=False)
    return ""


def _named(schema: Any, schemas: dict[str, Any]) -> Any:
    """A JSON-like sketch of a schema: `{field: type}`, references followed."""
    if name := schema.get("$ref", "").rpartition("/")[2]:
        return _named(schemas[name], schemas)
    if parts := schema.get("allOf"):
        return _named(parts[0], schemas)
    if parts := schema.get("oneOf"):
        return {"either": [_named(part, schemas) for part in parts]}
    if "properties" in schema:
        required = set(schema.get("required", ()))
        return {
            key if key in required else f"{key}?": _named(value, schemas) for key, value in schema["properties"].items()
        }
    if schema.get("type") == "array":
        return [_named(schema.get("items", {}), schemas)]
    return " | ".join(map(str, schema["enum"])) if "enum" in schema else str(schema.get("type", "any"))
