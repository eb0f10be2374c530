"""People who work badly on purpose: they crash, send twice, skip, close the lid, change and undo what they said."""

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.load.http import Client, Refused

LOST = (ConnectionError, asyncio.IncompleteReadError)  # the process that answered was killed
TIRELESS = 40  # tries of one call, as a browser's outbox makes them


@dataclass
class Ledger:
    """What the server acknowledged to one person."""

    judgements: set[int] = field(default_factory=set)
    last: dict[str, tuple[int, list[list[int]]] | None] = field(default_factory=dict)
    """By assignment: the judgement and what was said, None where it was undone last."""
    unknown: set[str] = field(default_factory=set)
    """Assignments of which the last answer was lost, so that nobody knows."""
    did: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


@dataclass
class Worker:
    """One person with two connections, for what they send twice at once."""

    slug: str
    client: Client
    other: Client
    dice: random.Random
    ledger: Ledger = field(default_factory=Ledger)

    async def work(self, ends: float) -> None:
        while time.monotonic() < ends:
            try:
                given = await self.client.ask("POST", f"/api/v1/projects/{self.slug}/next/")
            except Refused as refused:  # 404: taken out of the project for a moment
                self._note(refused, {404})
                await asyncio.sleep(0.1)
                continue
            except LOST:
                self.ledger.did["lost next"] += 1
                continue
            if given is None:
                self.ledger.did["nothing"] += 1
                await asyncio.sleep(0.05)
                continue
            await self._act(given)
        self.client.close()
        self.other.close()

    async def _act(self, given: dict[str, Any]) -> None:
        fates = {self._skip: 8, self._close_the_lid: 8, self._crash: 8, self._twice: 20, self._once: 56}
        fate = self.dice.choices(list(fates), weights=list(fates.values()))[0]
        self.ledger.did[fate.__name__.strip("_")] += 1
        try:
            await fate(given)
        except Refused as refused:  # 404: no member just now; 409: revoked in the middle of the work
            self._note(refused, {404, 409})

    async def _skip(self, given: dict[str, Any]) -> None:
        path = f"/api/v1/assignments/{given['assignment']}/skip/"
        with suppress(*LOST):
            await self.client.ask("POST", path, {"reason": "fire"})

    async def _close_the_lid(self, given: dict[str, Any]) -> None:
        await asyncio.sleep(0)

    async def _crash(self, given: dict[str, Any]) -> None:
        """Send, and be gone before the answer."""
        self.ledger.unknown.add(given["assignment"])
        await self.other.throw("PUT", self._path(given), {"ranking": self._order(given)})

    async def _once(self, given: dict[str, Any]) -> None:
        await self._submit(self.client, given, self._order(given))
        if self.dice.random() < 0.15:
            await self._submit(self.client, given, self._order(given))
        if self.dice.random() < 0.15:
            await self._undo(given)

    async def _twice(self, given: dict[str, Any]) -> None:
        order = self._order(given)
        both = await asyncio.gather(
            self._submit(self.client, given, order), self._submit(self.other, given, order), return_exceptions=True
        )
        for refused in both:
            if isinstance(refused, BaseException):
                raise refused
        if given["assignment"] not in self.ledger.unknown:  # else what was sent before the crash may come in between
            assert both[0] == both[1], f"one submission became two: {both}"

    async def _submit(self, client: Client, given: dict[str, Any], order: list[list[int]]) -> int:
        done = await self._tirelessly(client, "PUT", given, {"ranking": order, "seconds": 1})
        self.ledger.judgements.add(done["id"])
        self.ledger.last[given["assignment"]] = (done["id"], order)
        return int(done["id"])

    async def _undo(self, given: dict[str, Any]) -> None:
        try:
            back = await self.client.ask("DELETE", self._path(given))
        except LOST:
            self.ledger.unknown.add(given["assignment"])
            return
        assert back["assignment"] == given["assignment"]
        self.ledger.last[given["assignment"]] = None
        self.ledger.did["undone"] += 1

    async def _tirelessly(self, client: Client, method: str, given: dict[str, Any], body: Any) -> Any:
        for _ in range(TIRELESS):
            try:
                return await client.ask(method, self._path(given), body)
            except LOST:
                self.ledger.did["sent again"] += 1
                await asyncio.sleep(0.1)
        raise TimeoutError("the server never came back")

    def _path(self, given: dict[str, Any]) -> str:
        return f"/api/v1/assignments/{given['assignment']}/judgement/"

    def _order(self, given: dict[str, Any]) -> list[list[int]]:
        """Any order; now and then with a tie."""
        ids = [sample["id"] for sample in given["task"]["samples"]]
        self.dice.shuffle(ids)
        return [ids[:2], *([i] for i in ids[2:])] if self.dice.random() < 0.3 else [[i] for i in ids]

    def _note(self, refused: Refused, expected: set[int]) -> None:
        self.ledger.did[f"status {refused.status}"] += 1
        if refused.status not in expected:
            self.ledger.errors.append(str(refused))
