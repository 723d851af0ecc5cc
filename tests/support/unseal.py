"""Opens the values of a SealedSecret: JSON in, JSON with the values in hexadecimal digits out."""
import base64
import json
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

told = json.load(sys.stdin)
key = serialization.load_pem_private_key(told["key"].encode(), password=None)
oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=told["label"].encode())


def opened(text):
    sealed = base64.b64decode(text, validate=True)
    end = 2 + int.from_bytes(sealed[:2], "big")
    session_key = key.decrypt(sealed[2:end], oaep)
    return AESGCM(session_key).decrypt(bytes(12), sealed[end:], None)


json.dump({name: opened(text).hex() for name, text in told["ciphertexts"].items()}, sys.stdout)
