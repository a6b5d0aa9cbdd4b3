"""Upload or record → progress → result."""

from pages.analyse import progress, session, upload
from pages.shared.services import handover, models
from pages.shared.ui.failures import calm

with calm():
    session.come_back()
    given = handover.taken()
    if given is not None:
        with given[0].open("rb") as handed_over:
            session.open_file(handed_over, given[1])
    status = session.advance()
    phase = session.current().phase
    if isinstance(phase, session.Ready):
        from pages.analyse import result

        result.show(session.current(), phase)
    elif status is not None:
        progress.show()
    else:
        upload.show(phase.error if isinstance(phase, session.Waiting) else None)
models.warm("pages.analyse.result")  # last: the first page must not share the processor with the loading of models
