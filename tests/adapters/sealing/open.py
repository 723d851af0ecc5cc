"""Opens sealed values with Python's cryptography package: an implementation that shares nothing with the service's.

Reads {"key": PEM, "cases": [{"label": text, "sealed": base64}]}, writes the values as base64, null for what doesn't open.
"""

import base64
import json
import struct
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def unseal(key, label, sealed):
    blob = base64.b64decode(sealed, validate=True)
    (length,) = struct.unpack(">H", blob[:2])
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=label.encode() or None)
    session_key = key.decrypt(blob[2 : 2 + length], oaep)
    return AESGCM(session_key).decrypt(bytes(12), blob[2 + length :], None)


def main():
    task = json.load(sys.stdin)
    key = serialization.load_pem_private_key(task["key"].encode(), None)
    answers = []
    for case in task["cases"]:
        try:
            answers.append(base64.b64encode(unseal(key, case["label"], case["sealed"])).decode())
        except ValueError:
            answers.append(None)
    json.dump(answers, sys.stdout)


main()
