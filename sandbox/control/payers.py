"""Payers: someone pays a bill at Invoice Cloud, by card or by bank account."""

from flask import Blueprint

resource = Blueprint("payers", __name__)
