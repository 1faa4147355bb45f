#!/usr/bin/env python3
"""Whether an address of this container answers: exit code 0 for 2xx and the statuses named after it.

Here: the health check of images without curl. Keep out: what an answer means.
"""

import sys
import urllib.error
import urllib.request

# Below the check's own limit, so that it says what happened instead of being killed.
TIMEOUT_S = 4


def main(url: str, *accepted: str) -> int:
    """Ask once; the exit code."""
    if not url.startswith("http://127.0.0.1:"):
        sys.exit(f"{url}: expected an address of this container, http://127.0.0.1:PORT/...")
    try:
        # Past any proxy of the environment.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        status = opener.open(url, timeout=TIMEOUT_S).status
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError as error:
        print(f"{url}: {error}")
        return 1
    print(f"{url}: {status}")
    return 0 if 200 <= status < 300 or str(status) in accepted else 1  # noqa: PLR2004  # HTTP's own classes


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
