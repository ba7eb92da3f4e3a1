"""The console."""

from flask import Blueprint

blueprint = Blueprint("console", __name__, template_folder="templates")
