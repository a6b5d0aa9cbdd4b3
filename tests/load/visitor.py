"""A visitor without a browser: speaks Streamlit's protocol, so that the machine's cores are left to the server."""

from __future__ import annotations

import asyncio
import contextlib
import time
import urllib.request
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.client import HTTPMessage
from typing import Any, Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

ALERT_ERROR = 1


class Failed(Exception):
    """The app told the visitor that something went wrong."""


class Visitor:
    """One open page. ``uploader`` is the id of the widget for files, once the page showed it."""

    def __init__(self, url: str, socket: ClientConnection, cookie: str) -> None:
        self.url, self.socket, self.cookie = url, socket, cookie
        self.session_id = self.uploader = ""
        self.finished = asyncio.Event()
        self.result = asyncio.get_running_loop().create_future()
        self.urls: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.repeating: dict[str, asyncio.Task[None]] = {}

    @classmethod
    @asynccontextmanager
    async def arrive(cls, url: str) -> AsyncIterator[Self]:
        headers = await asyncio.to_thread(_headers, url)
        cookie = (headers.get("set-cookie") or "").split(";")[0]
        address = url.replace("http", "ws", 1) + "/_stcore/stream"
        async with connect(address, max_size=None, subprotocols=["streamlit"], origin=None) as socket:  # type: ignore[list-item]
            visitor = cls(url, socket, cookie)
            listening = asyncio.create_task(visitor._listen())
            try:
                await visitor.click()
                yield visitor
            finally:
                for task in (listening, *visitor.repeating.values()):
                    task.cancel()

    async def click(self, page: str = "", timeout_s: float = 120.0) -> float:
        """Ask for a page as a click does; the seconds until it stands."""
        self.finished.clear()
        message = BackMsg()
        message.rerun_script.page_name = page
        started = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        await asyncio.wait_for(self.finished.wait(), timeout_s)
        return time.perf_counter() - started

    async def upload(self, clip: bytes, name: str) -> None:
        """Choose a file, as in a browser: ask for an address, put the file there, tell the widget."""
        asked = BackMsg()
        asked.file_urls_request.request_id = uuid.uuid4().hex
        asked.file_urls_request.session_id = self.session_id
        asked.file_urls_request.file_names.append(name)
        await self.socket.send(asked.SerializeToString())
        urls = await asyncio.wait_for(self.urls, 60)
        await asyncio.to_thread(self._put, urls.upload_url, clip, name)
        told = BackMsg()
        state = told.rerun_script.widget_states.widgets.add()
        state.id = self.uploader
        info = state.file_uploader_state_value.uploaded_file_info.add()
        info.name, info.size, info.file_id = name, len(clip), urls.file_id
        info.file_urls.CopyFrom(urls)
        await self.socket.send(told.SerializeToString())

    async def until_result(self, timeout_s: float) -> None:
        """Wait until the page of the result stands.

        Raises:
            Failed: the page shows an error; its sentence.
            TimeoutError: neither came.
        """
        await asyncio.wait_for(self.result, timeout_s)
        await asyncio.wait_for(self.finished.wait(), timeout_s)

    def _put(self, path: str, clip: bytes, name: str) -> None:
        border = uuid.uuid4().hex
        head = f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        request = urllib.request.Request(
            self.url + path,
            method="PUT",
            data=head + clip + f"\r\n--{border}--\r\n".encode(),
            headers={
                "Content-Type": f"multipart/form-data; boundary={border}",
                "Cookie": self.cookie,
                "X-Xsrftoken": self.cookie.partition("=")[2],
            },
        )
        with urllib.request.urlopen(request, timeout=300) as answer:
            answer.read()

    async def _listen(self) -> None:
        async for data in self.socket:
            message = ForwardMsg()
            message.ParseFromString(data if isinstance(data, bytes) else data.encode())
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session_id = message.new_session.initialize.session_id or self.session_id
            elif kind == "delta":
                self._see(message.delta)
            elif kind == "auto_rerun":
                self._repeat(message.auto_rerun.fragment_id, message.auto_rerun.interval)
            elif kind == "stop_auto_rerun":
                self._stop_repeating()
            elif kind == "file_urls_response":
                self.urls.set_result(message.file_urls_response.file_urls[0])
            # A run that follows the progress may cut in on the result's; the page stands all the same.
            elif kind == "script_finished" and (
                message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY or self.result.done()
            ):
                self.finished.set()

    def _see(self, delta: Any) -> None:
        if delta.WhichOneof("type") == "add_block":
            if delta.add_block.WhichOneof("type") == "tab_container" and not self.result.done():
                self.result.set_result(None)
                self.finished.clear()
                self._stop_repeating()
            return
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "file_uploader":
            self.uploader = element.file_uploader.id
        elif kind == "alert" and element.alert.format == ALERT_ERROR and not self.result.done():
            self.result.set_exception(Failed(element.alert.body))
        elif kind == "exception" and not self.result.done():
            self.result.set_exception(Failed(element.exception.message))

    def _repeat(self, fragment: str, interval_s: float) -> None:
        """What a browser does for the part of a page that follows the progress."""

        async def ask() -> None:
            with contextlib.suppress(Exception):
                while True:
                    await asyncio.sleep(interval_s)
                    message = BackMsg()
                    message.rerun_script.fragment_id = fragment
                    message.rerun_script.is_auto_rerun = True
                    await self.socket.send(message.SerializeToString())

        if fragment not in self.repeating:
            self.repeating[fragment] = asyncio.create_task(ask())

    def _stop_repeating(self) -> None:
        for task in self.repeating.values():
            task.cancel()
        self.repeating.clear()


def _headers(url: str) -> HTTPMessage:
    with urllib.request.urlopen(f"{url}/_stcore/health", timeout=30) as answer:
        return answer.headers
