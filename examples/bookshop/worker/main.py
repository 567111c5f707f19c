import os
from urllib.request import urlopen

import httpx
import requests

from worker.clients import ShippingClient, fetch

PRICES = os.environ.get("PRICES_URL", "http://127.0.0.1:9001")
SHIPPING = os.environ.get("SHIPPING_URL", "http://127.0.0.1:9002")


def price(book):
    """Pitfall: no limit."""
    return requests.get(f"{PRICES}/price/{book}").json()


def price_with_limit(book):
    """The right way."""
    return requests.get(f"{PRICES}/price/{book}", timeout=3).json()


def currencies():
    """Pitfall: the limit that httpx has is switched off."""
    return httpx.get(f"{PRICES}/currencies", timeout=None).json()


def exchange_rates():
    """Pitfall: urllib has no limit of its own."""
    with urlopen(f"{PRICES}/rates") as response:
        return response.read()


def notify(order):
    """Pitfall: the wrapper would take a limit, this call gives none."""
    return fetch(f"{SHIPPING}/notify/{order}").status_code


def notify_with_limit(order):
    """The right way."""
    return fetch(f"{SHIPPING}/notify/{order}", timeout=3).status_code


def quotes(orders):
    client = ShippingClient(SHIPPING)
    return {order: client.quote(order) for order in orders}
