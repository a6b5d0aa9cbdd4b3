"""The app as it is hosted: ``python -m deploy.server [PORT]``.

``streamlit run app.py`` sends the same headers; here sockets are refused to pages of other sites as well, which
takes a proxy that passes ``Host`` on.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Final

import streamlit as st
from starlette.middleware import Middleware
from streamlit import net_util

from app import ROOT, ROUTES
from deploy.guard import Headers, OwnPages

PORT: Final = 8501


def never_ask_outside() -> None:
    """For a request from an unknown origin Streamlit would ask an address service on the internet who it is itself.

    A known answer spares that; this one is on Streamlit's list of allowed hosts anyway.
    """
    known: Any = net_util
    known._external_ip = "0.0.0.0"  # noqa: S104 - nothing is bound to it


def main() -> None:
    never_ask_outside()
    port = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PORT", PORT))
    app = st.App(ROOT / "app.py", routes=ROUTES, middleware=[Middleware(Headers), Middleware(OwnPages)])
    app.run(config={"server.port": port, "server.headless": True})


if __name__ == "__main__":
    main()
