"""The customer portal as one blueprint."""

from __future__ import annotations

from flask import Blueprint

from sandbox.fakes.invoice_cloud.portal import bills, door, options, plans, settings
from sandbox.fakes.invoice_cloud.rest.cloud_sso import PORTAL_PATH

blueprint = Blueprint(
    "customer_portal",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/style",
    url_prefix=PORTAL_PATH,
)
for part in (bills, door, options, plans, settings):
    blueprint.register_blueprint(part.blueprint)
