"""The kinds of file that a split can be written as; each is its name's ending."""

JSON_LINES = "jsonl"
JSON_ARRAY = "json"
CSV = "csv"
PARQUET = "parquet"

FILES = {
    JSON_LINES: "application/x-ndjson",
    "jsonl.gz": "application/gzip",
    "jsonl.zst": "application/zstd",
    JSON_ARRAY: "application/json",
    CSV: "text/csv",
    PARQUET: "application/vnd.apache.parquet",
}
"""Endings and media types."""
