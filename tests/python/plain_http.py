"""httpx for servers on this machine, which speak no TLS.

Every client, and so every `httpx.get`, reads the certificates of the machine first. That takes
longer than most requests, and servers that start are asked again and again.
"""

import ssl
from functools import partial

import httpx

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # knows no certificate, so it trusts nobody

get = partial(httpx.get, verify=NO_TLS)
post = partial(httpx.post, verify=NO_TLS)
