import os

os.environ["SHOP_DB"] = ":memory:"
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
os.environ.setdefault("SECRET_KEY", "only-for-tests")

import django
import pytest

django.setup()


@pytest.fixture
def shop():
    """A shop of 3 authors with a book each; calling it adds more."""
    from datetime import date

    from django.core.management import call_command
    from django.db import connection
    from shop.models import Author, Book, Publisher

    call_command("migrate", run_syncdb=True, verbosity=0)
    publisher = Publisher.objects.create(name="Penguin")

    def add(count):
        for number in range(count):
            author = Author.objects.create(name=f"author {Author.objects.count()}", publisher=publisher)
            Book.objects.create(title=f"book {Book.objects.count()}", author=author, published=date(2020, 1, 1 + number % 28), price=5)
        return list(Book.objects.order_by("id").values_list("id", flat=True))

    yield add
    call_command("flush", verbosity=0, interactive=False)
    connection.close()
