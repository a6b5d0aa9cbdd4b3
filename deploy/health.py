"""Whether the server answers: ``python -m deploy.health``, status 0 or 1, for a container's health check."""

import sys
import urllib.request

from emotion import settings

# Not through a proxy that the container may have for the outside: it would ask its own loopback.
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def main() -> int:
    try:
        with direct.open(f"http://127.0.0.1:{settings.PORT.read()}/_stcore/health", timeout=4) as answer:
            return 0 if answer.status == 200 else 1
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
