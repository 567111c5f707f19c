import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

# Pitfall: the key that signs every session stands in the repository.
SECRET_KEY = "b7$k2m!x9q-zr4w0v1e8"

# The right way: the environment gives it, and the service does not start without it in production.
PAYMENT_API_KEY = os.environ.get("PAYMENT_API_KEY", "")

DEBUG = os.environ.get("DEBUG") == "1"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "shop"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("SHOP_DB", str(BASE_DIR / "shop.sqlite3"))}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
