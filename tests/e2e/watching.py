"""Everything that a page was told and that a curious person at it can find, as text."""

import json
import math
import time
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Error, Page, Request, Response

KEPT = """async () => {
  const databases = {};
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((done, fail) => {
      const asked = indexedDB.open(name);
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => fail(asked.error);
    });
    for (const store of db.objectStoreNames) {
      const rows = (method) => new Promise((done) => {
        const asked = db.transaction(store).objectStore(store)[method]();
        asked.onsuccess = () => done(asked.result);
      });
      databases[`${name}/${store}`] = { keys: await rows('getAllKeys'), rows: await rows('getAll') };
    }
    db.close();
  }
  return JSON.stringify({
    databases,
    local: { ...localStorage },
    session: { ...sessionStorage },
    cookies: document.cookie,
    caches: await caches.keys(),
    fetched: performance.getEntriesByType('resource').map(({ name }) => name),
    history: history.state,
  });
}"""

SHOWN = """() => JSON.stringify({
  title: document.title,
  address: location.href,
  fields: [...document.querySelectorAll('input, textarea, select')].map((field) => field.value),
  canvases: [...document.querySelectorAll('canvas')].map((canvas) => ({ ...canvas.dataset })),
})"""

# What the debugging door holds: every text within, however deep.
HELD = """() => {
  const texts = [];
  const known = new Set();
  const left = [window.__delineate];
  while (left.length > 0 && known.size < 200000) {
    const one = left.pop();
    if (typeof one === 'string') texts.push(one);
    if (typeof one !== 'object' || one === null || known.has(one)) continue;
    known.add(one);
    if (ArrayBuffer.isView(one) || one instanceof Node) continue;
    if (one instanceof Map) left.push(...one.keys(), ...one.values());
    else if (one instanceof Set) left.push(...one);
    else for (const [key, value] of Object.entries(one)) { texts.push(key); left.push(value); }
  }
  return texts.join('\\n');
}"""

# How much there is on the page; never twice the same while something is waited for.
SIZE = """() => document.querySelector('[aria-busy=true]') === null
  ? document.querySelectorAll('*').length : Math.random()"""
POLL_MS, QUIET_S, MOST_S = 50, 0.3, 10.0

Told = tuple[str, str]  # where, and the text


class Watch:
    """Remembers every answer that reached a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.answers: list[Response] = []
        self.unanswered: set[Request] = set()
        page.on("response", self._note)
        page.on("request", self._ask)
        page.on("requestfinished", self._end)
        page.on("requestfailed", self._end)

    def _note(self, answer: Response) -> None:
        self.answers.append(answer)

    def _ask(self, request: Request) -> None:
        self.unanswered.add(request)

    def _end(self, request: Request) -> None:
        self.unanswered.discard(request)

    def go(self, path: str) -> None:
        """Open an address and wait until nothing more is asked for."""
        self.unanswered.clear()
        self.page.goto(path)
        self.rest()

    def rest(self) -> None:
        """For a moment nothing is asked for, nothing says that it waits, nothing comes or goes on it."""
        before, since = -1.0, time.monotonic()
        ends = since + MOST_S
        while time.monotonic() < ends:
            size = self._size()
            if self.unanswered or size != before:
                before, since = size, time.monotonic()
            elif time.monotonic() - since >= QUIET_S:
                return
            self.page.wait_for_timeout(POLL_MS)

    def _size(self) -> float:
        """Not a number, which equals nothing, while the page goes elsewhere."""
        try:
            return float(self.page.evaluate(SIZE))
        except Error:
            return math.nan

    def told(self, sent: str = "") -> Iterator[Told]:
        """What came over the wire since the last time, and what is on the page now.

        `sent`: an address that whoever asked knew.
        """
        answers, self.answers[:] = list(self.answers), []
        for answer in answers:
            if "/assets/" not in answer.url:
                known = sent != "" and answer.url.endswith(sent)
                yield f"address of {answer.url}", "" if known else answer.url
                yield f"headers of {answer.url}", json.dumps(answer.headers)
                yield f"body of {answer.url}", _body(answer)
        yield "the page", self.page.content()
        yield "what the page shows", self.page.evaluate(SHOWN)

    def kept(self) -> Iterator[Told]:
        """What the browser keeps, what the debugging door holds, and every text in the memory of the page."""
        yield "storage", self.page.evaluate(KEPT)
        yield "cookies", json.dumps(self.page.context.cookies(), default=str)
        yield "the debugging door", self.page.evaluate(HELD)
        yield "memory", _memory(self.page)


def _body(answer: Response) -> str:
    """Empty where there is none: redirects, and requests that the page gave up."""
    if "/zarr/c/" in answer.url or "/zarr/0/c/" in answer.url or 300 <= answer.status < 400:
        return ""
    try:
        return answer.body().decode("utf-8", "replace")
    except Error:
        return ""


def _memory(page: Page) -> str:
    """The heap, with its strings as they stand there."""
    chunks: list[str] = []

    def keep(given: Any) -> None:
        chunks.append(given["chunk"])

    session = page.context.new_cdp_session(page)
    session.on("HeapProfiler.addHeapSnapshotChunk", keep)
    session.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    session.detach()
    return "\n".join(json.loads("".join(chunks))["strings"])
