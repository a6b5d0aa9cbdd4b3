"""Upload or record → progress → result."""

from pages.analyse import progress, session, upload
from pages.shared.services import cached
from pages.shared.ui.failures import calm

with calm():
    status = session.advance()
    if session.current().result is not None:
        from pages.analyse import result

        result.show(session.current())
    elif status is not None:
        progress.show()
    else:
        upload.show(session.current().error)
cached.warm()  # last: the first page must not share the processor with the loading of models
