"""The app as it is hosted: ``python -m deploy.server [PORT]``.

``streamlit run app.py`` sends the same headers; here sockets are refused to pages of other sites as well, which
takes a proxy that passes ``Host`` on.
"""

from __future__ import annotations

import sys
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from streamlit import net_util

from app import ROOT, ROUTES
from deploy.guard import Headers, OwnPages
from emotion import settings


def never_ask_outside() -> None:
    """For a request from an unknown origin Streamlit would ask an address service on the internet who it is itself.

    A known answer spares that; this one is on Streamlit's list of allowed hosts anyway.
    """
    known: Any = net_util
    known._external_ip = "0.0.0.0"  # noqa: S104 - nothing is bound to it


def main() -> None:
    if len(sys.argv) > 1:
        settings.tell_library(settings.PORT.name, sys.argv[1])
    if faults := settings.faults():
        sys.exit("\n".join(str(fault) for fault in faults))
    never_ask_outside()
    port = settings.PORT.read()
    app = st.App(ROOT / "app.py", routes=ROUTES, middleware=[Middleware(Headers), Middleware(OwnPages)])
    app.run(config={"server.port": port, "server.headless": True})


if __name__ == "__main__":
    main()
