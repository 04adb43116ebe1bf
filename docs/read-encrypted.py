#!/usr/bin/env python3
"""Reads a file that dbbackup encrypted, with nothing of dbbackup: python3 and OpenSSL's libcrypto (1.1 or newer).

    read-encrypted.py FILE KEY [BACKUP_ID ARTIFACT] > PLAIN

KEY is a file with the base64 text of "dbbackup keys generate". BACKUP_ID and ARTIFACT are those of the backup's metadata;
they are left out for files of "dbbackup encrypt". The layout is in FORMAT.md, chapter "Encrypted files".
"""
import base64, ctypes, ctypes.util, hashlib, hmac, os, struct, sys

crypto = ctypes.CDLL(ctypes.util.find_library("crypto"))
crypto.EVP_CIPHER_CTX_new.restype = crypto.EVP_aes_256_gcm.restype = ctypes.c_void_p

def hkdf(secret, salt, label, *bound):
    key = hmac.digest(salt or bytes(32), secret, "sha256")
    return hmac.digest(key, b"dbbackup enc v1 " + label + b"".join(bound) + b"\1", "sha256")

def gcm_open(key, nonce, stored, aad=b""):
    """Plain bytes; None when the tag, the last 16 bytes of what is stored, is not theirs."""
    body, tag = stored[:-16], stored[-16:]
    context = ctypes.c_void_p(crypto.EVP_CIPHER_CTX_new())
    plain, count = ctypes.create_string_buffer(len(body) + 16), ctypes.c_int()
    try:
        crypto.EVP_DecryptInit_ex(context, ctypes.c_void_p(crypto.EVP_aes_256_gcm()), None, key, nonce)
        if aad:
            crypto.EVP_DecryptUpdate(context, None, ctypes.byref(count), aad, len(aad))
        crypto.EVP_DecryptUpdate(context, plain, ctypes.byref(count), body, len(body))
        crypto.EVP_CIPHER_CTX_ctrl(context, 0x11, 16, tag)  # EVP_CTRL_AEAD_SET_TAG
        isTrue = crypto.EVP_DecryptFinal_ex(context, ctypes.create_string_buffer(16), ctypes.byref(count)) == 1
        return plain.raw[:len(body)] if isTrue else None
    finally:
        crypto.EVP_CIPHER_CTX_free(context)

def main(path, keyFile, backup="file", artifact=""):
    master = base64.b64decode(open(keyFile).read())
    file, size = open(path, "rb"), os.path.getsize(path)
    head = file.read(132)
    magic, version, suite, flags, frameSize = struct.unpack(">8sBBHI", head[:16])
    assert (magic, version, suite, flags) == (b"DBBKENC1", 1, 1, 0), "not a file of this format"
    bound, fileId, salt, commitment = head[:96], head[16:32], head[32:64], head[96:128]
    assert head[64:96] == hashlib.sha256(f"{backup}\0{artifact}\0".encode()).digest(), "another file than expected"
    block = file.read(struct.unpack(">I", head[128:])[0])
    keyId, dataKey, at = hkdf(master, b"", b"key id")[:16], None, 0
    while at < len(block):
        kind, _, length = struct.unpack(">BBH", block[at:at + 4])
        stanza, at = block[at + 4:at + 4 + length], at + 4 + length
        if kind == 1 and stanza[:16] == keyId:
            wrapKey = hkdf(master, salt, b"wrap", b"\1", keyId, fileId)
            dataKey = gcm_open(wrapKey, bytes(12), stanza[16:], bound)
    assert dataKey, "the key does not open it"
    assert hmac.compare_digest(hkdf(dataKey, salt, b"commit", bound), commitment), "written with another key"
    mac = hmac.digest(hkdf(dataKey, salt, b"header", bound), head + block, "sha256")
    assert hmac.compare_digest(mac, file.read(32)), "the header was changed"
    payloadKey, index = hkdf(dataKey, salt, b"payload", bound), 0
    while True:
        frame = file.read(frameSize + 16)
        isLast = file.tell() == size
        plain = gcm_open(payloadKey, struct.pack(">B3xQ", isLast, index), frame)
        assert plain is not None and (plain or index == 0), f"frame {index} is damaged, or the file cut off"
        sys.stdout.buffer.write(plain)
        index += 1
        if isLast:
            return

main(*sys.argv[1:])
