"""``moodcue app``"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer

HOME: Final = Path(__file__).resolve().parents[2]
"""Where app.py and its .streamlit lie: the checkout, or where the package is installed."""


def command(
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, metavar="NUMBER", help="Instead of PORT, or 8501.")
    ] = None,
    music: Annotated[
        list[Path] | None, typer.Option(metavar="FOLDER", help="Music of your own to show; may be given several times.")
    ] = None,
) -> int:
    """Start the app in this terminal, on http://localhost:8501 unless another port is given."""
    from emotion import settings
    from emotion.errors import FileMissing

    if find_spec("streamlit") is None:
        typer.echo('The app\'s packages are not installed. Install them with: pip install "moodcue[serve]"', err=True)
        return 1
    for folder in music or ():
        if not folder.expanduser().exists():
            raise FileMissing(name=str(folder))
    if port is not None:
        settings.tell_library(settings.PORT.name, str(port))
    settings.tell_library("OPENBLAS_NUM_THREADS", "1", replace=False)  # a second thread would only spin
    for setting in settings.HOSTED:
        if isinstance(setting, settings.Folder) and (folder := setting.read()):
            settings.tell_library(setting.name, str(folder.absolute()))
    lists = {settings.MUSIC: [*(music or ()), *settings.MUSIC.read()], settings.FOLDERS: settings.FOLDERS.read()}
    for setting, folders in lists.items():
        if folders:
            settings.tell_library(setting.name, os.pathsep.join(str(f.expanduser().absolute()) for f in folders))
    os.chdir(HOME)  # no folder of the user's called "pages" is then taken for ours
    sys.stdout.flush()
    return os.execv(sys.executable, [sys.executable, "-m", "deploy.server"])  # noqa: S606 - this Python, our module
