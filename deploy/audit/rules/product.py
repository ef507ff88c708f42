"""What the rules must find, and what they must leave alone; nothing imports it, `semgrep test` reads it."""
# ruff: noqa
# pyright: basic

import datetime
import hashlib
import os
import pickle
import random
import secrets
import smtplib
import ssl
import subprocess

import flask
import jwt
import markupsafe
import requests
import sqlalchemy
import urllib.request
from sqlalchemy import text


def asks(session, cursor, name, sealed, key, context):
    # ruleid: sql-of-text-that-is-put-together
    session.execute(text(f"SELECT 1 FROM persons WHERE name = '{name}'"))
    # ruleid: sql-of-text-that-is-put-together
    session.execute(sqlalchemy.text("SELECT " + name))
    # ruleid: sql-of-text-that-is-put-together
    cursor.execute("SELECT '%s'" % name)
    # ok: sql-of-text-that-is-put-together
    session.execute(text("SELECT 1 FROM persons WHERE name = :name"), {"name": name})
    # ruleid: shell
    subprocess.run(name, shell=True)
    # ruleid: shell
    os.system(name)
    # ok: shell
    subprocess.run(["ls", name])
    # ruleid: what-is-loaded-runs
    pickle.loads(sealed)
    # ruleid: what-is-loaded-runs
    eval(name)
    # ruleid: secrets-from-a-generator-that-can-be-guessed
    random.randbytes(16)
    # ok: secrets-from-a-generator-that-can-be-guessed
    secrets.token_bytes(16)
    # ruleid: token-read-without-its-algorithm
    jwt.decode(sealed, key)
    # ruleid: token-read-without-its-algorithm
    jwt.decode(sealed, key, ["HS256"], options={"verify_signature": False})
    # ok: token-read-without-its-algorithm
    jwt.decode(sealed, key, ["HS256"], audience="here")
    # ruleid: hash-that-is-broken
    hashlib.md5(sealed)
    # ok: hash-that-is-broken
    hashlib.sha256(sealed)
    # ruleid: request-without-an-end
    requests.get(name)
    # ruleid: request-without-an-end
    smtplib.SMTP("mail", 25)
    # ok: request-without-an-end
    requests.get(name, timeout=5)
    # ok: request-without-an-end
    smtplib.SMTP("mail", 25, timeout=5)
    # ruleid: another-clock
    datetime.datetime.now(datetime.UTC)
    # ruleid: certificate-not-looked-at
    requests.get(name, verify=False, timeout=5)
    # ruleid: certificate-not-looked-at
    context.verify_mode = ssl.CERT_NONE
    # ruleid: template-of-text
    flask.render_template_string(name)
    # ruleid: template-of-text
    markupsafe.Markup(name)


def notes(log, password, person_id):
    # ruleid: secret-in-the-log
    log.info("signed_in", person_id=person_id, password=password)
    # ok: secret-in-the-log
    log.info("signed_in", person_id=person_id)
