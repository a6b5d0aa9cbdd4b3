"""Upload or record → progress → result."""

from pages.analyse import choose, progress, session
from pages.shared import cached
from pages.shared.failures import calm

with calm():
    status = session.advance()
    if session.current().result is not None:
        from pages.analyse import result

        result.show(session.current())
    elif status is not None:
        progress.show()
    else:
        choose.show(session.current().error)
cached.warm()  # last: the first page must not share the processor with the loading of models
