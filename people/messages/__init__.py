"""Mails and short messages to people: queued with what they are about, and sent by the worker.

queue.py ──▶ messages ──claims.py──▶ sending.py ──words/──▶ mail.py, sms.py ──▶ a mail server, an HTTP gateway
"""
