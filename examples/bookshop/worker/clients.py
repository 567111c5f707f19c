import requests


class ShippingClient:
    def __init__(self, base_url):
        self.base_url = base_url
        self.session = requests.Session()

    def quote(self, order_id):
        """Pitfall: when the carrier hangs, so does the worker."""
        return self.session.get(f"{self.base_url}/quote/{order_id}").json()

    def track(self, order_id):
        """The right way: a limit."""
        return self.session.get(f"{self.base_url}/track/{order_id}", timeout=3).json()


def fetch(url, timeout=None):
    return requests.get(url, timeout=timeout)
